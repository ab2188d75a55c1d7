//! What `onedoor status` shows: where the door is, and a row for each process, those of one app under its name.

use std::io::{self, Write};
use std::time::Duration;

use crate::control::{AppStatus, ProcessStatus, Status};

const COLUMNS: usize = 9;

/// Left out where no app has one.
const SIDE_DOOR: usize = 7;

/// What is compared is right-aligned; the last column is as long as it likes.
const HEAD: [(&str, Align); COLUMNS] = [
    ("APP", Align::Left),
    ("STATE", Align::Left),
    ("PID", Align::Left),
    ("UP", Align::Right),
    ("RESTARTS", Align::Right),
    ("CPU", Align::Right),
    ("MEM", Align::Right),
    ("SIDE DOOR", Align::Left),
    ("", Align::Left),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

type Row = [String; COLUMNS];

pub(super) fn write(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    let from =
        if status.files.is_empty() { String::new() } else { format!("  ({})", status.files.join(", ")) };
    writeln!(out, "onedoor listens on {}{from}", status.addresses.join(", "))?;
    if status.apps.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<Row> = vec![HEAD.map(|(name, _)| name.to_owned())];
    status.apps.iter().for_each(|app| rows.extend(rows_of(app)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let has_side_doors = status.apps.iter().any(|app| app.url.is_some());
    let is_shown = |column: usize| column != SIDE_DOOR || has_side_doors;
    for row in &rows {
        let columns = (0..).zip(row).zip(HEAD).zip(widths).filter(|(((column, _), _), _)| is_shown(*column));
        let cells = columns.map(|(((_, cell), (_, align)), width)| match align {
            Align::Left => format!("{cell:width$}"),
            Align::Right => format!("{cell:>width$}"),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn rows_of(app: &AppStatus) -> Vec<Row> {
    let of_app = |process: Option<&ProcessStatus>| {
        let [pid, up, cpu, memory] = process.map_or_else(|| ["-"; 4].map(str::to_owned), cells);
        let (name, state, restarts) = (app.name.clone(), app.state.clone(), app.restarts.to_string());
        let side_door = app.url.as_deref().map_or("-", |url| url.strip_prefix("http://").unwrap_or(url));
        [name, state, pid, up, restarts, cpu, memory, side_door.to_owned(), app.detail.clone()]
    };
    let beside = |process: &ProcessStatus| {
        let [pid, up, cpu, memory] = cells(process);
        let nothing = String::new;
        [nothing(), nothing(), pid, up, nothing(), cpu, memory, nothing(), nothing()]
    };
    let mut rows = vec![of_app(app.processes.first())];
    rows.extend(app.processes.iter().skip(1).map(beside));
    rows
}

fn cells(process: &ProcessStatus) -> [String; 4] {
    let pid = match process.state.as_str() {
        "ready" => process.pid.to_string(),
        state => format!("{} ({state})", process.pid),
    };
    let unknown = || "-".to_owned();
    let cpu = process.usage.map_or_else(unknown, |usage| share(usage.cpu, process.up));
    let memory = process.usage.map_or_else(unknown, |usage| size(usage.resident));
    [pid, age(process.up), cpu, memory]
}

/// Of one processor, on average.
fn share(used: Duration, of: Duration) -> String {
    let percent = used.as_secs_f64() * 100.0 / of.as_secs_f64().max(0.001);
    if percent < 10.0 { format!("{percent:.1}%") } else { format!("{percent:.0}%") }
}

/// The two largest units: more is noise.
fn age(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days}d{}h", hours % 24),
        () if hours > 0 => format!("{hours}h{}m", minutes % 60),
        () if minutes > 0 => format!("{minutes}m{}s", seconds % 60),
        () => format!("{seconds}s"),
    }
}

fn size(bytes: u64) -> String {
    let mebibytes = bytes >> 20;
    match mebibytes {
        0 => format!("{}KiB", bytes >> 10),
        1..10_240 => format!("{mebibytes}MiB"),
        _ => format!("{}GiB", mebibytes >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onedoor_linux::proc::Usage;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        let ages = [0, 59, 61, 3599, 3600, 90_000, 1_000_000].map(|s| age(Duration::from_secs(s)));
        assert_eq!(ages, ["0s", "59s", "1m1s", "59m59s", "1h0m", "1d1h", "11d13h"]);
        assert_eq!([900 << 10, 61 << 20, 12 << 30].map(size), ["900KiB", "61MiB", "12GiB"]);
        let of = Duration::from_secs(10);
        assert_eq!(
            [0, 31, 2500, 25_000].map(|ms| share(Duration::from_millis(ms), of)),
            ["0.0%", "0.3%", "25%", "250%"]
        );
    }

    #[test]
    fn each_process_has_a_row_and_an_app_without_one_a_dash() {
        let process = |replica, pid, state: &str, usage| ProcessStatus {
            replica,
            pid,
            state: state.into(),
            up: Duration::from_secs(250),
            usage,
        };
        let usage = Some(Usage { cpu: Duration::from_secs(5), resident: 61 << 20 });
        let app = |name: &str, state: &str, detail: &str, processes| AppStatus {
            name: name.into(),
            state: state.into(),
            essential: true,
            detail: detail.into(),
            url: (name == "web").then(|| "http://127.0.0.1:21050".to_owned()),
            command: String::new(),
            place: String::new(),
            restarts: 3,
            processes,
        };
        let apps = [
            app(
                "web",
                "ready",
                ":1, :2",
                vec![process(1, 12, "ready", usage), process(2, 345, "starting", None)],
            ),
            app("report", "idle", "the first request starts it", vec![]),
        ];
        let mut out = Vec::new();
        let (addresses, files) = (vec!["[::]:8000".to_owned()], vec!["/srv/onedoor.toml".to_owned()]);
        write(&Status { addresses, files, apps: apps.into() }, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "onedoor listens on [::]:8000  (/srv/onedoor.toml)\n\
             APP     STATE  PID                UP  RESTARTS   CPU    MEM  SIDE DOOR\n\
             web     ready  12              4m10s         3  2.0%  61MiB  127.0.0.1:21050  :1, :2\n\
             \x20              345 (starting)  4m10s               -      -\n\
             report  idle   -                   -         3     -      -  -                the first request starts it\n"
        );
    }
}
