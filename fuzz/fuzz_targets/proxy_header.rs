//! PROXY headers: no cut changes the verdict, and what is complete lies within the bytes and the limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onedoor_http1::{PROXY_HEADER_MAX, ProxyHeader};

fuzz_target!(|bytes: &[u8]| {
    let whole = ProxyHeader::parse(bytes);
    let mut ends = 0..bytes.len().min(PROXY_HEADER_MAX + 1);
    let early = ends.find_map(|end| match ProxyHeader::parse(&bytes[..end]) {
        Ok(ProxyHeader::Partial) => None,
        verdict => Some(verdict),
    });
    assert_eq!(early.unwrap_or(whole), whole, "the cut changed the verdict");
    match whole {
        Ok(ProxyHeader::Partial) => assert!(bytes.len() < PROXY_HEADER_MAX, "nobody waits for more than the limit"),
        Ok(ProxyHeader::Complete { header_bytes, .. }) => {
            assert!(header_bytes <= bytes.len() && header_bytes <= PROXY_HEADER_MAX);
        }
        Err(_) => {}
    }
});
