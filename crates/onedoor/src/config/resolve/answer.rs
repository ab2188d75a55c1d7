//! `respond`: an answer that is written in the file. Its fields are checked here, so that nothing the operator wrote
//! can break a message's framing (RFC 9110 5.5, 5.6.2).

use crate::config::error::{Code, ConfigError};
use crate::config::fix::Fix;
use crate::config::section::Section;
use crate::config::source::{Located, Source};
use crate::config::surgery;
use crate::proxy::route::FixedAnswer;

const STATUS: u16 = 200;
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Fields that frame a message or belong to one connection: onedoor writes these itself.
const OWN_FIELDS: [&str; 11] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "date",
    "via",
    "content-type",
];

/// `answer` is the table of `respond`, or the route itself where `respond` is a text or is left out.
pub(super) fn fixed_answer(
    answer: &Section,
    text: Option<Located<&str>>,
    source: &Source,
    errors: &mut Vec<ConfigError>,
) -> FixedAnswer {
    let status = answer.int("status");
    let body = one_body(answer, text, errors);
    if let Some(status) = status
        && matches!(status.value, 204 | 205 | 304)
        && !body.is_empty()
    {
        let fact = format!("an answer with status {} has no body", status.value);
        let error = ConfigError::new(Code::Contradiction, status.span, fact);
        let place = text.map(|text| text.span).or_else(|| answer.key("body")).or_else(|| answer.key("json"));
        let error = if let Some(place) = place { error.also(place, "the body") } else { error };
        errors.push(error.remedy("leave the body out"));
    }
    let mut fields = Vec::new();
    if !body.is_empty() {
        let default = if answer.json("json").is_some() { JSON } else { TEXT };
        let media_type = answer.text("type").filter(|media| {
            let fine = is_field_value(media.value);
            if !fine {
                let fact = "a Content-Type holds no control characters";
                errors.push(ConfigError::new(Code::BadHeader, media.span, fact));
            }
            fine
        });
        fields.push((Box::from("Content-Type"), Box::from(media_type.map_or(default, |media| media.value))));
    }
    for (name, value) in answer.map("headers") {
        match field(name, value, source) {
            Ok(field) => fields.push(field),
            Err(error) => errors.push(error),
        }
    }
    let status = status.and_then(|status| u16::try_from(status.value).ok()).unwrap_or(STATUS);
    FixedAnswer { status, fields, body: body.into_boxed_slice() }
}

fn one_body(answer: &Section, text: Option<Located<&str>>, errors: &mut Vec<ConfigError>) -> Vec<u8> {
    let body = answer.text("body");
    let json = answer.json("json").zip(answer.key("json"));
    let places =
        [text.map(|text| text.span), body.map(|body| body.span), json.as_ref().map(|(_, place)| *place)];
    let mut places = places.into_iter().flatten();
    if let (Some(first), Some(second)) = (places.next(), places.next()) {
        let error = ConfigError::new(Code::Contradiction, second, "an answer has one body");
        errors.push(error.also(first, "the first").remedy("keep one of respond, body and json"));
    }
    match (text, body, json) {
        (Some(text), _, _) => text.value.as_bytes().to_vec(),
        (None, Some(body), _) => body.value.as_bytes().to_vec(),
        (None, None, Some((json, _))) => json.to_string().into_bytes(),
        (None, None, None) => Vec::new(),
    }
}

type Field = (Box<str>, Box<str>);

fn field(name: &Located<String>, value: &Located<String>, source: &Source) -> Result<Field, ConfigError> {
    let lower = name.value.to_ascii_lowercase();
    if name.value.is_empty() || !name.value.bytes().all(is_token_byte) {
        let fact = format!("`{}` is no field name", name.value);
        return Err(ConfigError::new(Code::BadHeader, name.span, fact));
    }
    if OWN_FIELDS.contains(&lower.as_str()) {
        let error =
            ConfigError::new(Code::BadHeader, name.span, format!("onedoor writes {} itself", name.value));
        let gone = surgery::take_out(source, name.span, value.span).map(|edit| Fix::of(vec![edit]));
        return Err(if lower == "content-type" {
            error.remedy("use `type`")
        } else {
            error.remedy("take it out").fix(gone)
        });
    }
    if !is_field_value(&value.value) {
        let fact = format!("the value of {} holds a control character", name.value);
        return Err(ConfigError::new(Code::BadHeader, value.span, fact).remedy("a field's value is one line"));
    }
    Ok((Box::from(name.value.as_str()), Box::from(value.value.trim())))
}

/// RFC 9110 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 9110 5.5: visible characters, spaces and tabs.
fn is_field_value(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}
