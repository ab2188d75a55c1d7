//! Response heads: no cut changes the verdict, and an independent reader reads what we accept as we do.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onedoor_http1::{BodyFraming, HeadLimits, Parsed, RequestKind, ResponseHead};

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (to_head, end, bytes) = input;
    let asked = if to_head { RequestKind::Head } else { RequestKind::Other };
    let limits = HeadLimits::default();
    let mut head = ResponseHead::default();
    let verdict = head.parse(bytes, &limits, asked);

    let mut cut = ResponseHead::default();
    let early = cut.parse(&bytes[..usize::from(end).min(bytes.len())], &limits, asked);
    let late = if early == Ok(Parsed::Partial) { cut.parse(bytes, &limits, asked) } else { early };
    assert_eq!(verdict, late, "the cut changed the verdict");

    let Ok(Parsed::Complete { head_bytes }) = verdict else { return };
    assert_eq!(format!("{head:?}"), format!("{cut:?}"), "the cut changed the head");
    if to_head || head.status().is_interim() || [204, 304].contains(&head.status().as_u16()) {
        assert_eq!(head.framing(), BodyFraming::None);
    }

    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut other = httparse::Response::new(&mut fields);
    let mut lenient = httparse::ParserConfig::default();
    lenient.allow_spaces_after_header_name_in_responses(true);
    let theirs = lenient.parse_response(&mut other, bytes);
    assert_eq!(theirs, Ok(httparse::Status::Complete(head_bytes)), "httparse refuses what we accept");
    assert_eq!(other.code, Some(head.status().as_u16()));
    assert_eq!(other.headers.len(), head.fields().len());
    for (theirs, ours) in other.headers.iter().zip(head.fields()) {
        assert_eq!((theirs.name.as_bytes(), theirs.value), (ours.name.of(bytes), ours.value.of(bytes)));
    }
});
