//! What a page, a style sheet or a script names: references as they are written, and what each is for.
//!
//! HTML is read by a tokenizer that follows the standard; of scripts only the calls are known that ask a server:
//! what else is a path in a script cannot be told.

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// What a browser does with a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Use {
    Script,
    Style,
    Image,
    Frame,
    /// What an installed page would be: nothing is loaded from it until then.
    Manifest,
    /// Fonts, media: whatever else is loaded with the page.
    Part,
    Link,
    Form,
    /// `fetch("/x")` and its like.
    Call,
    WebSocket,
    Redirect,
}

impl Use {
    /// For messages: "script /x.js".
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Style => "style",
            Self::Image => "image",
            Self::Frame => "frame",
            Self::Manifest => "manifest",
            Self::Part => "file",
            Self::Link => "link",
            Self::Form => "form",
            Self::Call => "request",
            Self::WebSocket => "WebSocket",
            Self::Redirect => "redirect",
        }
    }

    /// Whether the page is not whole without it.
    pub(super) fn is_loaded(self) -> bool {
        matches!(self, Self::Script | Self::Style | Self::Image | Self::Frame | Self::Part)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) used: Use,
    pub(super) written: String,
}

/// A page's references, and the address that `<base>` gives it.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) base: Option<String>,
    pub(super) references: Vec<Reference>,
}

impl Page {
    pub(super) fn of(html: &str) -> Self {
        let mut page = Self::default();
        let mut inside = Inside::Text;
        let mut emitter: DefaultEmitter<()> = DefaultEmitter::new_with_span();
        // What stands in a script is no HTML.
        emitter.naively_switch_states(true);
        for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
            match token {
                Token::StartTag(tag) => {
                    let name = String::from_utf8_lossy(&tag.name).into_owned();
                    let attribute = |wanted: &str| {
                        let found =
                            tag.attributes.iter().find(|(name, _)| name.as_slice() == wanted.as_bytes());
                        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
                    };
                    page.tag(&name, &attribute);
                    inside = Inside::of(&name);
                }
                Token::EndTag(_) => inside = Inside::Text,
                Token::String(text) => match inside {
                    Inside::Text => {}
                    Inside::Script => page.references.extend(of_script(&String::from_utf8_lossy(&text))),
                    Inside::Style => page.references.extend(of_style(&String::from_utf8_lossy(&text))),
                },
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        page
    }

    fn tag(&mut self, name: &str, attribute: &dyn Fn(&str) -> Option<String>) {
        let mut refer = |used, written: Option<String>| {
            let written = written.filter(|written| !written.trim().is_empty());
            self.references.extend(written.map(|written| Reference { used, written }));
        };
        match name {
            "base" => self.base = self.base.take().or_else(|| attribute("href")),
            "script" => refer(Use::Script, attribute("src")),
            "img" | "input" => {
                refer(Use::Image, attribute("src"));
                for candidate in attribute("srcset").unwrap_or_default().split(',') {
                    refer(Use::Image, candidate.split_whitespace().next().map(str::to_owned));
                }
            }
            "iframe" | "frame" | "embed" => refer(Use::Frame, attribute("src")),
            "object" => refer(Use::Frame, attribute("data")),
            "source" | "video" | "audio" | "track" => refer(Use::Part, attribute("src")),
            "a" | "area" => refer(Use::Link, attribute("href")),
            "form" => refer(Use::Form, attribute("action")),
            "button" => refer(Use::Form, attribute("formaction")),
            "link" => {
                let what = attribute("rel").unwrap_or_default().to_ascii_lowercase();
                refer(of_rel(&what, attribute("as").as_deref()), attribute("href"));
            }
            "meta" if attribute("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh")) => {
                let content = attribute("content").unwrap_or_default();
                let target =
                    content.split_once(['=']).map(|(_, url)| url.trim_matches([' ', '\'', '"']).to_owned());
                refer(Use::Redirect, target);
            }
            _ => {}
        }
        self.references.extend(attribute("style").iter().flat_map(|style| of_style(style)));
    }
}

fn of_rel(rel: &str, used_as: Option<&str>) -> Use {
    let has = |word: &str| rel.split_ascii_whitespace().any(|part| part == word);
    match used_as {
        Some("script") => Use::Script,
        Some("style") => Use::Style,
        _ if has("modulepreload") => Use::Script,
        _ if has("stylesheet") => Use::Style,
        _ if has("icon") || has("apple-touch-icon") => Use::Image,
        _ if has("manifest") => Use::Manifest,
        _ if has("preload") => Use::Part,
        // `canonical`, `alternate`, `preconnect`, `search` …: nothing is loaded.
        _ => Use::Link,
    }
}

enum Inside {
    Text,
    Script,
    Style,
}

impl Inside {
    fn of(tag: &str) -> Self {
        match tag {
            "script" => Self::Script,
            "style" => Self::Style,
            _ => Self::Text,
        }
    }
}

/// `url(/x.png)`, `@import "/x.css"`.
pub(super) fn of_style(css: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    for (at, _) in css.match_indices("url(") {
        let inside = css[at + 4..].split(')').next().unwrap_or_default();
        let written = inside.trim().trim_matches(['"', '\'']).to_owned();
        if !written.is_empty() && !written.contains(['{', '$']) {
            found.push(Reference { used: Use::Part, written });
        }
    }
    for (at, _) in css.match_indices("@import") {
        let rest = css[at + 7..].trim_start();
        if let Some((written, _)) = quoted(rest) {
            found.push(Reference { used: Use::Style, written });
        }
    }
    found
}

/// How a call that asks a server begins, up to the string it is given.
const CALLS: &[(&str, Use)] = &[
    ("fetch(", Use::Call),
    ("new EventSource(", Use::Call),
    (".sendBeacon(", Use::Call),
    ("axios.get(", Use::Call),
    ("axios.post(", Use::Call),
    ("$.get(", Use::Call),
    ("$.post(", Use::Call),
    ("$.getJSON(", Use::Call),
    ("new WebSocket(", Use::WebSocket),
    ("import(", Use::Script),
    // Swagger UI's page says so where the description of the API is.
    ("url: ", Use::Call),
    ("location.href=", Use::Link),
    ("location.href = ", Use::Link),
];

/// The strings that such calls are given, if they are absolute: how a relative one is meant depends on where it runs.
pub(super) fn of_script(script: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    for (call, used) in CALLS {
        for (at, _) in script.match_indices(call) {
            let Some((written, rest)) = quoted(&script[at + call.len()..]) else { continue };
            // A string that goes on is only the beginning of an address, but it says where.
            let is_whole = !rest.trim_start().starts_with('+');
            let is_absolute = written.starts_with('/') && !written.starts_with("//") && written.len() > 1;
            let is_url =
                ["ws://", "wss://", "http://", "https://"].iter().any(|scheme| written.starts_with(scheme));
            if (is_absolute || (is_url && is_whole)) && !written.contains(['{', '$', ' ', '<', '\\']) {
                found.push(Reference { used: *used, written });
            }
        }
    }
    found
}

/// The string at the front, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let (inside, rest) = text[1..].split_once(quote)?;
    (inside.len() <= 2048).then(|| (inside.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(references: &[Reference]) -> Vec<String> {
        references
            .iter()
            .map(|reference| format!("{} {}", reference.used.noun(), reference.written))
            .collect()
    }

    #[test]
    fn a_page_names_what_it_loads_where_it_leads_and_whom_it_asks() {
        let page = Page::of(
            r#"<!doctype html><base href="/deep/"><link rel=stylesheet href=/a.css><link rel="canonical" href="/c">
            <link rel="modulepreload" href="/m.js"><link rel="icon" href="i.png"><script src='/b.js'></script>
            <!-- <script src="/not.js"></script> --><img src="d.png" srcset="e.png 2x, /f.png 3x"><a href="/g">g</a>
            <form action="/h"><button formaction="/i"></form><div style="background: url('/j.png')"></div>
            <style>@import "/k.css"; p { background: url( /l.png ) }</style>
            <script>fetch('/m'); const s = "<a href='/not'>"; new WebSocket("ws://x/n"); fetch(`/o/${id}`)</script>
            <meta http-equiv="Refresh" content="5; url=/p"><iframe src=""></iframe>"#,
        );
        assert_eq!(page.base.as_deref(), Some("/deep/"));
        assert_eq!(
            shown(&page.references),
            [
                "style /a.css",
                "link /c",
                "script /m.js",
                "image i.png",
                "script /b.js",
                "image d.png",
                "image e.png",
                "image /f.png",
                "link /g",
                "form /h",
                "form /i",
                "file /j.png",
                "file /l.png",
                "style /k.css",
                "request /m",
                "WebSocket ws://x/n",
                "redirect /p",
            ]
        );
    }

    #[test]
    fn of_a_script_only_calls_with_absolute_addresses_are_read() {
        let script = "fetch('x'); fetch(\"/api/\" + id); $.get('/b', f); url: '/openapi.json', new EventSource(`/s`); \
                      let path = '/not'; fetch('//cdn/x'); fetch('/a b')";
        assert_eq!(
            shown(&of_script(script)),
            ["request /api/", "request /s", "request /b", "request /openapi.json"]
        );
    }

    #[test]
    fn no_page_is_too_broken() {
        for html in [
            "",
            "<",
            "<a href=",
            "<script>fetch('",
            "<style>url(",
            "\u{0}<p x='\u{fffd}",
            "<a href=\"\u{1f6aa}\">",
        ] {
            drop(Page::of(html));
        }
        assert_eq!(shown(&of_style("url(\u{e9}/x)")), ["file \u{e9}/x"]);
    }
}
