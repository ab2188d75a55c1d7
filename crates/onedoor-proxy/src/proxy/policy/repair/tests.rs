//! Tables: a value as the upstream sent it, and as the client gets it.

use onedoor_linux::allocations;

use super::*;

/// Behind a strip of `/a`.
const STRIPPED: Repair<'static> =
    Repair { outside: b"/a", inside: b"", base_bytes: 0, authority: b"up.test:81", asked: b"door.test" };

fn mended(repair: &Repair<'_>, kind: FieldKind, value: &str) -> String {
    String::from_utf8(repair.mend(kind, value.as_bytes()).unwrap_or_else(|| value.into())).unwrap()
}

fn holds(repair: &Repair<'_>, kind: FieldKind, table: &[(&str, &str)]) {
    for (value, expected) in table {
        assert_eq!(mended(repair, kind, value), *expected, "{value}");
    }
}

#[test]
fn a_location_gets_its_prefix_back() {
    holds(
        &STRIPPED,
        FieldKind::Location,
        &[
            ("/login?next=%2F", "/a/login?next=%2F"),
            ("/", "/a/"),
            ("/a/login", "/a/login"),
            ("/a", "/a"),
            ("/a?x", "/a?x"),
            ("/ab", "/a/ab"),
            ("http://up.test:81/x", "/a/x"),
            ("http://up.test:81/a/x", "/a/x"),
            ("HTTPS://UP.test:81", "/a/"),
            ("http://up.test:81?q", "/a/?q"),
            ("//up.test:81/x", "/a/x"),
            ("http://up.test/x", "http://up.test/x"),
            ("https://other.test/x", "https://other.test/x"),
            ("//other.test/x", "//other.test/x"),
            ("relative", "relative"),
            ("", ""),
        ],
    );
}

#[test]
fn the_base_of_the_proxy_url_is_cut_off_again() {
    let repair = Repair { inside: b"/base", base_bytes: 5, ..STRIPPED };
    holds(
        &repair,
        FieldKind::Location,
        &[
            ("/base/x", "/a/x"),
            ("/base", "/a"),
            ("/base/", "/a/"),
            ("/other", "/a/other"),
            ("/based", "/a/based"),
        ],
    );
    let kept = Repair { outside: b"", ..repair };
    holds(
        &kept,
        FieldKind::Location,
        &[
            ("/base/x", "/x"),
            ("/base", "/"),
            ("/base?q", "/?q"),
            ("/other", "/other"),
            ("http://up.test:81", "/"),
        ],
    );
}

#[test]
fn a_rewrite_is_mapped_back_where_a_path_of_ours_leads_there() {
    let repair = Repair { outside: b"/v1", inside: b"/v2", ..STRIPPED };
    holds(
        &repair,
        FieldKind::Location,
        &[
            ("/v2/x?y", "/v1/x?y"),
            ("/v2", "/v1"),
            ("/v2/", "/v1/"),
            ("/v22", "/v22"),
            ("/v1/x", "/v1/x"),
            ("/login", "/login"),
            ("http://up.test:81/v2/x", "/v1/x"),
            ("http://up.test:81/login", "http://up.test:81/login"),
            ("http://up.test:81", "http://up.test:81"),
        ],
    );
    holds(
        &repair,
        FieldKind::SetCookie,
        &[("s=1; Path=/v2", "s=1; Path=/v1"), ("s=1; Path=/", "s=1; Path=/")],
    );
}

#[test]
fn of_two_prefixes_that_fit_the_longer_one_is_meant() {
    let deeper = Repair { outside: b"/api", inside: b"/api/v2", ..STRIPPED };
    holds(&deeper, FieldKind::Location, &[("/api/v2/x", "/api/x"), ("/api/x", "/api/x")]);
    let higher = Repair { outside: b"/v2/api", inside: b"/v2", ..STRIPPED };
    holds(&higher, FieldKind::Location, &[("/v2/x", "/v2/api/x"), ("/v2/api/x", "/v2/api/x")]);
}

#[test]
fn an_upstream_that_sees_the_clients_paths_keeps_its_own() {
    let same = Repair { outside: b"/a", inside: b"/a", base_bytes: 2, ..STRIPPED };
    holds(&same, FieldKind::Location, &[("/x", "/x"), ("/a/x", "/a/x")]);
    holds(&same, FieldKind::SetCookie, &[("s=1; Path=/", "s=1; Path=/")]);
    assert_eq!(same.foretold().and_then(|mended| mended.paths), None);
}

#[test]
fn a_cookie_is_bound_to_the_prefix() {
    holds(
        &STRIPPED,
        FieldKind::SetCookie,
        &[
            ("s=1; Path=/; HttpOnly", "s=1; Path=/a; HttpOnly"),
            ("s=1;path=/x", "s=1; Path=/a/x"),
            ("s=1; PATH = /x/ ; Secure", "s=1; Path=/a/x; Secure"),
            ("s=1; Path=/a/x", "s=1; Path=/a/x"),
            ("s=1; HttpOnly", "s=1; HttpOnly"),
            ("path=/; Path=/", "path=/; Path=/a"),
            ("s=1; Path=", "s=1; Path="),
            ("__Host-s=1; Path=/; Secure", "__Host-s=1; Path=/; Secure"),
            ("", ""),
        ],
    );
}

#[test]
fn a_cookie_for_the_upstreams_own_domain_becomes_one_for_the_host_that_was_asked() {
    let repair = Repair { authority: b"www.up.test:81", asked: b"door.test:8000", ..STRIPPED };
    holds(
        &repair,
        FieldKind::SetCookie,
        &[
            ("s=1; Domain=up.test; Path=/", "s=1; Path=/a"),
            ("s=1; domain = .WWW.up.test", "s=1"),
            ("s=1; Domain=p.test", "s=1; Domain=p.test"),
            ("s=1; Domain=door.test; Path=/x", "s=1; Domain=door.test; Path=/a/x"),
            ("s=1; Domain=", "s=1; Domain="),
            ("Domain=up.test", "Domain=up.test"),
        ],
    );
    // A domain that is also the client's is one it will take.
    let sibling = Repair { asked: b"shop.up.test", ..repair };
    holds(&sibling, FieldKind::SetCookie, &[("s=1; Domain=up.test", "s=1; Domain=up.test")]);
    // Also where no path was changed.
    let kept = Repair { outside: b"", ..repair };
    holds(&kept, FieldKind::SetCookie, &[("s=1; Domain=up.test; Path=/", "s=1; Path=/")]);
}

#[test]
fn each_link_of_a_list_gets_its_prefix_back_and_no_parameter_does() {
    holds(
        &STRIPPED,
        FieldKind::Link,
        &[
            ("</x>; rel=next", "</a/x>; rel=next"),
            ("</x>", "</a/x>"),
            (
                "</x?a,b>;rel=\"a, b\" , <http://up.test:81/y>; rel=prev",
                "</a/x?a,b>;rel=\"a, b\" , </a/y>; rel=prev",
            ),
            (", </x>,,</y>;title=\"</z>\\\",</z>\"", ", </a/x>,,</a/y>;title=\"</z>\\\",</z>\""),
            ("<https://other.test/x>; rel=next", "<https://other.test/x>; rel=next"),
            ("</x>; anchor=\"/y\"", "</a/x>; anchor=\"/y\""),
            ("</x>, /y", "</x>, /y"),
            ("</x", "</x"),
            ("</x>; title=\"open", "</x>; title=\"open"),
            ("/x", "/x"),
            ("", ""),
        ],
    );
}

#[test]
fn a_refresh_gets_its_prefix_back_however_browsers_let_it_be_written() {
    holds(
        &STRIPPED,
        FieldKind::Refresh,
        &[
            ("5; url=/x", "5; url=/a/x"),
            ("0;URL='/x?y'", "0;URL='/a/x?y'"),
            ("1.5 , Url = \"/x\" junk", "1.5 , Url = \"/a/x\" junk"),
            ("5; /x", "5; /a/x"),
            ("5;url=http://up.test:81/x", "5;url=/a/x"),
            ("5; url=https://other.test/", "5; url=https://other.test/"),
            ("5", "5"),
            ("5 url=/x", "5 url=/x"),
            ("url=/x", "url=/x"),
            ("5;", "5;"),
            ("5; url=", "5; url="),
            ("", ""),
        ],
    );
}

#[test]
fn what_is_fine_as_it_is_costs_no_allocation() {
    let fine: &[(FieldKind, &str)] = &[
        (FieldKind::Location, "/a/login"),
        (FieldKind::Location, "https://other.test/"),
        (FieldKind::Link, "</a/x>; rel=\"next\", <https://other.test/y>"),
        (FieldKind::Refresh, "5; url=https://other.test/"),
        (FieldKind::SetCookie, "s=1; Path=/a; HttpOnly; SameSite=Lax; Domain=door.test"),
        (FieldKind::Other, "/x"),
    ];
    let before = allocations::made_by_this_thread();
    for (kind, value) in fine {
        assert_eq!(STRIPPED.mend(*kind, value.as_bytes()), None, "{value}");
    }
    assert_eq!(allocations::made_by_this_thread(), before);
}

#[test]
fn other_fields_are_left_alone() {
    holds(&STRIPPED, FieldKind::Other, &[("/x", "/x")]);
}
