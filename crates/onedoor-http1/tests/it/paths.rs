//! Paths: rules 18 to 20.

use onedoor_http1::{EncodedSlash, PathChange, PathError, normalise};

#[test]
fn rule_19_a_path_has_one_normal_spelling() {
    use PathChange::{DotSegments, Encoding, None};
    for (raw, path, change) in [
        ("/", "/", None),
        ("/a/b", "/a/b", None),
        ("/a/b/", "/a/b/", None),
        ("//", "//", None),
        ("//a///b//", "//a///b//", None),
        ("/a;b=c,d", "/a;b=c,d", None),
        ("/~a/@b/$c/(d)", "/~a/@b/$c/(d)", None),
        ("/[e]|{f}\"<>^`", "/%5Be%5D%7C%7Bf%7D%22%3C%3E%5E%60", Encoding),
        ("/.well-known/x", "/.well-known/x", None),
        ("/...", "/...", None),
        ("/a./b.c", "/a./b.c", None),
        ("/%20%C3%A9%3B", "/%20%C3%A9%3B", None),
        ("/%252e%252e", "/%252e%252e", None),
        ("/%41%7a%30%2d%5F%7E", "/Az0-_~", Encoding),
        ("/%c3%a9", "/%C3%A9", Encoding),
        ("/.", "/", DotSegments),
        ("/./", "/", DotSegments),
        ("/a/.", "/a/", DotSegments),
        ("/a/./b", "/a/b", DotSegments),
        ("/a/..", "/", DotSegments),
        ("/a/../", "/", DotSegments),
        ("/a/b/..", "/a/", DotSegments),
        ("/a/b/../c", "/a/c", DotSegments),
        ("/a/b/../../c", "/c", DotSegments),
        ("/a//../b", "/a/b", DotSegments),
        ("//..", "/", DotSegments),
        ("/a/%41/../%c3", "/a/%C3", DotSegments),
        ("/%41/./b", "/A/b", DotSegments),
    ] {
        let mut scratch = b"old".to_vec();
        let normal = normalise(raw.as_bytes(), &mut scratch).unwrap_or_else(|error| panic!("{raw}: {error}"));
        assert_eq!((normal.path, normal.change), (path.as_bytes(), change), "{raw}");
        assert_eq!(normal.encoded_slash, EncodedSlash::Absent, "{raw}");
    }
}

#[test]
fn an_unchanged_path_is_not_copied() {
    for raw in ["/a/b", "/.well-known/%20"] {
        let mut scratch = Vec::new();
        let normal = normalise(raw.as_bytes(), &mut scratch).unwrap();
        assert_eq!(normal.path.as_ptr(), raw.as_ptr(), "{raw}");
    }
}

#[test]
fn rule_18_a_bad_path_is_refused() {
    for (raw, error) in [
        ("", PathError::NotAbsolute),
        ("a", PathError::NotAbsolute),
        ("*", PathError::NotAbsolute),
        ("/%", PathError::BadEscape),
        ("/%4", PathError::BadEscape),
        ("/%4/1", PathError::BadEscape),
        ("/%zz", PathError::BadEscape),
        ("/%+1", PathError::BadEscape),
        ("/a b", PathError::BadByte),
        ("/a\tb", PathError::BadByte),
        ("/a\0b", PathError::BadByte),
        ("/a?b", PathError::BadByte),
        ("/a#b", PathError::BadByte),
        ("/\x7f", PathError::BadByte),
        ("/é", PathError::BadByte),
        ("/..", PathError::AboveRoot),
        ("/../a", PathError::AboveRoot),
        ("/a/../..", PathError::AboveRoot),
        ("/a/../../a/b", PathError::AboveRoot),
        ("/./..", PathError::AboveRoot),
    ] {
        let found = normalise(raw.as_bytes(), &mut Vec::new()).map(|normal| normal.path.to_vec());
        assert_eq!(found, Err(error), "{raw:?}");
        assert_eq!(error.status(), 400);
    }
}

#[test]
fn rule_20_what_servers_resolve_differently_is_refused() {
    for (raw, error) in [
        ("/a\\b", PathError::Backslash),
        ("/a%5Cb", PathError::Backslash),
        ("/a%5cb", PathError::Backslash),
        ("/a%00", PathError::Nul),
        ("/%2e%2e/a", PathError::EncodedDot),
        ("/.%2E/a", PathError::EncodedDot),
        ("/a%2ejson", PathError::EncodedDot),
        ("/a/..%2Fb", PathError::HiddenDotSegment),
        ("/a%2f../b", PathError::HiddenDotSegment),
        ("/a%2F.%2fb", PathError::HiddenDotSegment),
        ("/a%2F..", PathError::HiddenDotSegment),
        ("/a/..;/b", PathError::HiddenDotSegment),
        ("/a/..;x=y/b", PathError::HiddenDotSegment),
        ("/a/.;/b", PathError::HiddenDotSegment),
        ("/a/..%3Bx/b", PathError::HiddenDotSegment),
        ("/a/..%3bx", PathError::HiddenDotSegment),
    ] {
        let found = normalise(raw.as_bytes(), &mut Vec::new()).map(|normal| normal.path.to_vec());
        assert_eq!(found, Err(error), "{raw:?}");
    }
}

#[test]
fn rule_20_an_encoded_slash_is_kept_and_reported() {
    for (raw, path, change) in [
        ("/a%2Fb", "/a%2Fb", PathChange::None),
        ("/a%2fb", "/a%2Fb", PathChange::Encoding),
        ("/a%2F...", "/a%2F...", PathChange::None),
        ("/x/../a%2Fb", "/a%2Fb", PathChange::DotSegments),
    ] {
        let mut scratch = Vec::new();
        let normal = normalise(raw.as_bytes(), &mut scratch).unwrap();
        assert_eq!((normal.path, normal.change), (path.as_bytes(), change), "{raw}");
        assert_eq!(normal.encoded_slash, EncodedSlash::Present, "{raw}");
    }
}
