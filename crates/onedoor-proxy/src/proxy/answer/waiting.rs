//! The page that a browser shows while an app is not ready (`while_down = { do = "page" }`), and who gets it.
//!
//! It asks again by itself, with a GET of the same address; so it is an answer to GET and HEAD alone, or a form would
//! be lost in silence. Plain HTML without a script, an image or a name: nothing about the inside.

use onedoor_http1::Method;

use crate::proxy::config::Candour;
use crate::proxy::inbound::Head;
use crate::proxy::refusal::Refusal;

/// How soon the page asks again: an app that starts in a second should not seem to need ten.
const AGAIN_AFTER_SECONDS: u64 = 2;

/// In which form a refusal is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Form {
    Sentence,
    Page,
    /// For a developer: which app failed, and its last words.
    TextReport,
    PageReport,
}

impl Form {
    /// A page where the route has one and the client is a browser that shows it; a developer gets a report.
    pub(in crate::proxy) fn of(candour: &Candour, head: Head<'_>, refusal: &Refusal) -> Self {
        if *candour != Candour::Terse && refusal.app().is_some() {
            return if accepts_html(head) { Self::PageReport } else { Self::TextReport };
        }
        let asks = matches!(head.parsed.method(), Method::Get | Method::Head);
        if refusal.has_page() && asks && accepts_html(head) { Self::Page } else { Self::Sentence }
    }
}

/// Whether `text/html` is listed (RFC 9110 12.5.1) and not refused. `*/*` does not count: everything that is no browser
/// sends it.
fn accepts_html(head: Head<'_>) -> bool {
    let accept =
        head.parsed.fields().iter().filter(|field| head.text(field.name).eq_ignore_ascii_case(b"accept"));
    accept.flat_map(|field| head.text(field.value).split(|byte| *byte == b',')).any(|range| {
        let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let is_html = parts.next().is_some_and(|media| media.eq_ignore_ascii_case(b"text/html"));
        is_html && !parts.any(is_zero_quality)
    })
}

/// `q=0`, `q=0.0` … (RFC 9110 12.4.2).
fn is_zero_quality(parameter: &[u8]) -> bool {
    let quality = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="));
    quality.is_some_and(|value| !value.is_empty() && value.iter().all(|byte| b"0.".contains(byte)))
}

/// The page; `reason` is the class of why, `retry_after` what the answer's field says.
pub(super) fn page(reason: &str, retry_after: Option<u64>) -> String {
    let again = retry_after.unwrap_or(AGAIN_AFTER_SECONDS).max(AGAIN_AFTER_SECONDS);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<meta http-equiv=\"refresh\" content=\"{again}\">\n<title>One moment, please</title>\n<style>body{{font:1.1em/1.5 system-ui,sans-serif;max-width:32em;margin:20vh auto;padding:0 1em}}</style>\n<h1>One moment, please</h1>\n<p>The application behind this address is not available right now ({reason}). This page tries again by itself.</p>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use onedoor_http1::{Parsed, RequestHead};

    use super::*;
    use crate::proxy::refusal::WhenDown;
    use crate::registry::Unready;

    fn form(method: &str, accept: &str, when_down: WhenDown) -> Form {
        let request = format!("{method} / HTTP/1.1\r\nHost: a\r\n{accept}\r\n");
        let mut parsed = RequestHead::default();
        let complete = Parsed::Complete { head_bytes: request.len() };
        assert_eq!(parsed.parse(request.as_bytes(), &Default::default()), Ok(complete));
        let refusal = Refusal::AppRefuses { app: "a".into(), why: Unready::Draining, when_down };
        Form::of(&Candour::Terse, Head { bytes: request.as_bytes(), parsed: &parsed }, &refusal)
    }

    #[test]
    fn a_browser_that_asks_gets_the_page_and_nobody_else() {
        let browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
        let cases = [
            ("GET", browser, WhenDown::Page, Form::Page),
            ("HEAD", browser, WhenDown::Page, Form::Page),
            ("GET", "accept: a/b;q=1 , Text/HTML ; q=0.5\r\n", WhenDown::Page, Form::Page),
            ("POST", browser, WhenDown::Page, Form::Sentence),
            ("GET", browser, WhenDown::Sentence, Form::Sentence),
            ("GET", "", WhenDown::Page, Form::Sentence),
            ("GET", "Accept: */*\r\n", WhenDown::Page, Form::Sentence),
            ("GET", "Accept: application/json\r\n", WhenDown::Page, Form::Sentence),
            ("GET", "Accept: text/html;q=0.0\r\n", WhenDown::Page, Form::Sentence),
        ];
        for (method, accept, when_down, expected) in cases {
            assert_eq!(form(method, accept, when_down), expected, "{method} {accept}");
        }
    }

    #[test]
    fn the_page_asks_again_when_the_app_may_be_back() {
        assert!(page("crashed", Some(9)).contains("content=\"9\""));
        assert!(page("starting", None).contains("content=\"2\""));
    }
}
