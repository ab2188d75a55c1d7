//! Request heads: no cut changes the verdict, an independent reader reads what we accept as we do, and what we
//! write reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onedoor_http1::{BodyFraming, HeadLimits, Parsed, RequestHead, emit};

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (first, second, bytes) = input;
    let limits = HeadLimits::default();
    let mut head = RequestHead::default();
    let verdict = head.parse(bytes, &limits);

    let mut cut = RequestHead::default();
    let mut ends = [first, second].map(|end| usize::from(end).min(bytes.len()));
    ends.sort_unstable();
    let early = ends
        .into_iter()
        .map(|end| cut.parse(&bytes[..end], &limits))
        .find(|early| *early != Ok(Parsed::Partial));
    assert_eq!(verdict, early.unwrap_or_else(|| cut.parse(bytes, &limits)), "the cut changed the verdict");

    let Ok(Parsed::Complete { head_bytes }) = verdict else { return };
    assert_eq!(format!("{head:?}"), format!("{cut:?}"), "the cut changed the head");
    assert_ne!(head.framing(), BodyFraming::UntilClose);

    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut other = httparse::Request::new(&mut fields);
    assert_eq!(
        other.parse(bytes),
        Ok(httparse::Status::Complete(head_bytes)),
        "httparse refuses what we accept"
    );
    assert_eq!(other.method.map(str::as_bytes), Some(head.method().name(bytes)));
    assert_eq!(other.headers.len(), head.fields().len());
    for (theirs, ours) in other.headers.iter().zip(head.fields()) {
        assert_eq!((theirs.name.as_bytes(), theirs.value), (ours.name.of(bytes), ours.value.of(bytes)));
    }

    let target = other.path.unwrap_or_default().as_bytes();
    let mut written = Vec::new();
    emit::request_line(&mut written, head.method().name(bytes), target);
    for field in head.fields() {
        emit::field(&mut written, field.name.of(bytes), field.value.of(bytes));
    }
    emit::end_of_head(&mut written);
    // HTTP/1.0 becomes 1.1 on the way, where Host is due; and a line of the shortest kind may grow beyond the limit.
    let mut again = RequestHead::default();
    if again.parse(&written, &limits) == Ok(Parsed::Complete { head_bytes: written.len() }) {
        assert_eq!(head.framing(), again.framing());
        assert_eq!(head.fields().len(), again.fields().len());
        for (before, after) in head.fields().iter().zip(again.fields()) {
            assert_eq!((before.kind, before.hop), (after.kind, after.hop));
        }
    } else {
        assert!(head.version() == onedoor_http1::Version::Http10 || written.len() > head_bytes);
    }
});
