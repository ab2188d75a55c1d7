//! The promise: several doors on one host, as on a developer's machine, do not notice each other.

use std::thread;

use crate::kit::{Door, ECHO_PY};

const APPS: [&str; 3] = ["a", "b", "c"];

fn house(name: &str) -> Door {
    let apps: String = APPS
        .map(|app| {
            format!(
                "{app} = {{ run = \"python3 app.py\", path = \"/{app}\", strip = true, env = {{ WHO = \"{app} of {name}\" }} }}\n"
            )
        })
        .concat();
    Door::with(&format!("[apps]\n{apps}")).file("app.py", ECHO_PY).start()
}

#[test]
fn two_doors_started_at_the_same_moment_do_not_take_each_others_apps() {
    let doors = thread::scope(|scope| {
        ["left", "right"]
            .map(|name| scope.spawn(move || (name, house(name))))
            .map(|starting| starting.join().unwrap())
    });
    for _ in 0..10 {
        for (name, door) in &doors {
            for app in APPS {
                let who = door.fetch(&format!("/{app}/environment/WHO"));
                assert_eq!((who.status(), who.text()), (200, &*format!("{app} of {name}")));
            }
        }
    }
}
