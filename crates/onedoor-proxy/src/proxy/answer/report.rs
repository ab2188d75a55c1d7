//! What a developer is told of an app that failed (`onedoor dev`): which one, how, its last words, where the file says it.
//!
//! A browser's page asks how the app is, without starting it, and loads itself anew when it is back. Every word of an app is
//! escaped: what it prints may hold what a client sent. In production nobody ever sees any of this.

use crate::proxy::config::{AppFacts, Candour};
use crate::proxy::refusal::Refusal;
use crate::proxy::worker::Worker;

/// As many lines as fit on a screen.
const LINES: usize = 20;

/// What there is to tell.
#[derive(Debug)]
pub(super) struct Report {
    app: String,
    status: u16,
    cause: String,
    facts: Option<AppFacts>,
    last_words: Vec<String>,
}

pub(super) fn of(worker: &Worker, refusal: &Refusal) -> Report {
    let app = refusal.app().unwrap_or_default().to_owned();
    let facts = match &worker.config().candour {
        Candour::Terse => None,
        Candour::Full(apps) => apps.iter().find(|facts| *facts.name == *app).cloned(),
    };
    let last_words = worker.log().last_words(&app, LINES);
    Report { app, status: refusal.status(), cause: refusal.cause(), facts, last_words }
}

impl Report {
    /// For curl and its like.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} {}\n", self.status, self.cause);
        if let Some(AppFacts { command, place, .. }) = &self.facts {
            text.extend(["\n  command  ", command, "\n  file     ", place, "\n"]);
        }
        if !self.last_words.is_empty() {
            text.push_str("\nIt said last:\n");
            self.last_words.iter().for_each(|line| text.extend(["  ", line, "\n"]));
        }
        text
    }

    /// For a browser.
    pub(super) fn page(&self) -> String {
        let (app, cause) = (escaped(&self.app), escaped(&self.cause));
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{app}: {}</title>\n<style>{STYLE}</style>\n<h1>{app} does not answer</h1>\n<p>{cause}</p>\n",
            self.status
        );
        if let Some(AppFacts { command, place, .. }) = &self.facts {
            let (command, place) = (escaped(command), escaped(place));
            page.extend([
                "<dl><dt>command<dd><code>",
                &command,
                "</code><dt>file<dd><code>",
                &place,
                "</code></dl>\n",
            ]);
        }
        if !self.last_words.is_empty() {
            let lines: Vec<String> = self.last_words.iter().map(|line| escaped(line)).collect();
            page.extend(["<h2>It said last</h2>\n<pre>", &lines.join("\n"), "</pre>\n"]);
        }
        // An app's name is letters, digits and hyphens.
        page.extend([AGAIN, "<script>", SCRIPT, "(\"/.onedoor/app/", &app, "\")</script>\n</html>\n"]);
        page
    }
}

const AGAIN: &str = "<p>This page loads itself anew when the app is back.</p>\n";

const STYLE: &str = "body{font:1em/1.5 system-ui,sans-serif;max-width:60em;margin:8vh auto;padding:0 1em}h1{color:#b00020}pre{background:#1e1e1e;color:#eee;padding:1em;overflow:auto}dt{float:left;width:6em;color:#777}dd{margin-left:6em}";

/// Asks until the app is on its way back; a request that comes while it starts waits for it.
const SCRIPT: &str = "(u=>setInterval(async()=>{try{const r=await fetch(u,{cache:'no-store'});if(/^(ready|starting)\\n$/.test(await r.text()))location.reload()}catch{}},1000))";

/// Safe between tags and in quotes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            plain => safe.push(plain),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(line: &str) -> Report {
        let facts = AppFacts {
            name: "api".into(),
            command: "node 'a&b'.js".to_owned(),
            place: "onedoor.toml:3".into(),
        };
        Report {
            app: "api".to_owned(),
            status: 503,
            cause: "app \"api\" is not ready: crashed: ended with exit code 1".to_owned(),
            facts: Some(facts),
            last_words: vec!["Error: no such <thing>".to_owned(), line.to_owned()],
        }
    }

    #[test]
    fn the_text_names_the_app_the_command_the_place_and_the_last_words() {
        insta::assert_snapshot!(report("    at main.js:1").text());
    }

    #[test]
    fn whatever_an_app_printed_is_text_on_the_page() {
        let page = report("</pre><script>alert('x')</script>&\"").page();
        assert_eq!(page.matches("<script>").count(), 1, "our own");
        assert!(page.contains("&lt;/pre&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;"));
        assert!(page.contains("node &#39;a&amp;b&#39;.js") && page.contains("onedoor.toml:3"));
        assert!(page.contains("(\"/.onedoor/app/api\")"));
    }
}
