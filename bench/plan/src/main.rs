//! Plans one request against few routes and against many, for callgrind to count (`run.sh` tells how).
//!
//! `onedoor-bench-plan SHAPE ROUTES` builds a file with so many routes of a shape and plans the shape's one request a
//! hundred times. The request is taken by the same route whatever else stands in the file, and that is checked.
//! `onedoor-bench-plan` alone lists the shapes.

use std::fmt::Write as _;
use std::process::ExitCode;

use onedoor::Rehearsal;

/// The first plan of a table is cold: its scratch space grows, lazy automata are built.
const WARM_UP: u32 = 10;

const PLANS: u32 = 100;

/// Routes of one kind, and a request for one of them.
struct Shape {
    name: &'static str,
    /// The route that takes the request.
    asked: &'static str,
    /// Another one.
    other: fn(usize) -> String,
    /// What the one of that number asks for besides; the route that takes the request is number 0.
    when: Option<fn(usize) -> String>,
    request: &'static str,
}

const PLAIN: &str = "GET /users/profile/settings HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\r\n";

const TENANT: &str = "GET /users/profile/settings HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: bench/1\r\nAccept: */*\r\nX-Tenant: t0\r\n\r\n";

const SHAPES: [Shape; 11] = [
    Shape {
        name: "exact",
        asked: "/users/profile/settings",
        other: |number| format!("/area{number}/page{number}"),
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "subtree",
        asked: "/users/*",
        other: |number| format!("/mount{number}/*"),
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "siblings",
        asked: "/users/profile/settings",
        other: |number| format!("/users/profile/page{number}"),
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "every-level",
        asked: "/users/profile/settings",
        other: |number| match number % 3 {
            0 => format!("/top{number}"),
            1 => format!("/users/middle{number}"),
            _ => format!("/users/profile/bottom{number}"),
        },
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "captures",
        asked: "/users/{id}/settings",
        other: |number| format!("/users/{{id}}/page{number}"),
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "text-and-rest",
        asked: "/users{rest...}",
        other: |number| format!("/user{number}{{rest...}}"),
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "hosts",
        asked: "www.example.com/users/*",
        other: |number| format!("host{number}.example.com/users/*"),
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "host-wildcards",
        asked: "*.example.com/users/*",
        other: |number| format!("*.zone{number}.example.com/users/*"),
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "methods",
        asked: "GET /users/profile/settings",
        other: |number| match number % 4 {
            0 => format!("POST /users/profile/page{}", number / 4),
            1 => format!("GET /users/profile/page{}", number / 4),
            2 => format!("PUT /users/profile/page{}", number / 4),
            _ => format!("DELETE /users/profile/page{}", number / 4),
        },
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "regexes",
        asked: "/users/{x:pro[a-z]+}/settings",
        other: |number| format!("/users/{{x:page{number}-[a-z]+}}/settings"),
        when: None,
        request: PLAIN,
    },
    Shape {
        name: "when",
        asked: "/users/{rest...}",
        other: |number| format!("/users/{{rest{number}...}}"),
        when: Some(|number| format!("header = {{ X-Tenant = \"t{number}\" }}")),
        request: TENANT,
    },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        for shape in &SHAPES {
            println!("{}", shape.name);
        }
        return ExitCode::SUCCESS;
    };
    let count = arguments.next().and_then(|text| text.parse::<usize>().ok());
    let (Some(shape), Some(count)) = (SHAPES.iter().find(|shape| shape.name == name), count) else {
        eprintln!("usage: onedoor-bench-plan [SHAPE ROUTES]");
        return ExitCode::FAILURE;
    };
    match plan(shape, count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("onedoor-bench-plan: {} with {count} routes: {why}", shape.name);
            ExitCode::FAILURE
        }
    }
}

fn plan(shape: &Shape, count: usize) -> Result<(), String> {
    let file = file_of(shape, count);
    let mut rehearsal =
        Rehearsal::new(&file, shape.request.as_bytes()).ok_or("the file or the request is wrong")?;
    for _ in 0..WARM_UP {
        match rehearsal.plan() {
            Some(taken) if taken == shape.asked => {}
            taken => return Err(format!("the request went to {taken:?}, not to {}", shape.asked)),
        }
    }
    counted(&mut rehearsal);
    Ok(())
}

/// What callgrind counts, by this name.
#[inline(never)]
fn counted(rehearsal: &mut Rehearsal) {
    for _ in 0..PLANS {
        std::hint::black_box(rehearsal.plan());
    }
}

fn file_of(shape: &Shape, count: usize) -> String {
    let mut file = String::from("[routes]\n");
    let keys = std::iter::once(shape.asked.to_owned()).chain((1..count).map(shape.other));
    for (number, key) in keys.enumerate() {
        let when = shape.when.map(|when| format!(", when = {{ {} }}", when(number))).unwrap_or_default();
        writeln!(file, "\"{key}\" = {{ proxy = \"http://127.0.0.1:9\"{when} }}").expect("a string takes all");
    }
    file
}
