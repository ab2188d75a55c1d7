//! `onedoor routes`: everything that is served, and what is only run, in one table; whoever wins stands above.

use std::io::{self, Write};

use clap::Args;
use serde_json::{Value, json};

use super::{Ended, FileArguments, Surroundings};
use crate::config::{Loaded, TableRow};
use crate::loopback::variable_of;
use crate::proxy::route::Listed;

/// Everything that is served.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: FileArguments,
    /// One JSON object per line, instead of the table
    #[arg(long)]
    json: bool,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    kind: Kind,
    /// `GET api.example.com/users/*`, `$API_URL`; empty for what nobody can ask.
    at: String,
    to: String,
    conditions: Vec<String>,
    priority: i32,
    place: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Route,
    SideDoor,
    /// A worker, a job.
    Unasked,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::SideDoor => "side door",
            Self::Unasked => "not served",
        }
    }
}

pub(super) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let loaded = match super::load(&arguments.files.layers(), surroundings)? {
        Ok(loaded) => loaded,
        Err(ended) => return Ok(ended),
    };
    let rows = rows(&loaded);
    if arguments.json {
        for row in &rows {
            writeln!(surroundings.out, "{}", as_json(row))?;
        }
    } else {
        write_table(&rows, surroundings.out)?;
    }
    Ok(Ended::Well)
}

fn rows(loaded: &Loaded) -> Vec<Row> {
    let shown = |listed: &Listed<'_>| {
        let is_it = |row: &&TableRow| row.at == listed.written && row.place == listed.route.place;
        let what = loaded.table.iter().find(is_it).map_or("", |row| row.what.as_str());
        // They have lines of their own here.
        let conditions = format!(" when {}", listed.conditions.join(" and "));
        what.strip_suffix(&conditions).unwrap_or(what).to_owned()
    };
    let routes = loaded.proxy.routes.listed().into_iter().map(|listed| Row {
        kind: Kind::Route,
        at: listed.written.to_owned(),
        to: shown(&listed),
        conditions: listed.conditions,
        priority: listed.priority,
        place: listed.route.place.to_string(),
    });
    let side_doors = loaded.proxy.side_doors.iter().flat_map(|door| {
        door.routes.all().map(|(_, route)| Row {
            kind: Kind::SideDoor,
            at: format!("${}", variable_of(&door.app)),
            to: format!("app {}, for the other apps", door.app),
            conditions: Vec::new(),
            priority: 0,
            place: route.place.to_string(),
        })
    });
    let unasked = loaded.table.iter().filter(|row| row.at.is_empty()).map(|row| Row {
        kind: Kind::Unasked,
        at: String::new(),
        to: row.what.clone(),
        conditions: Vec::new(),
        priority: 0,
        place: row.place.to_string(),
    });
    routes.chain(side_doors).chain(unasked).collect()
}

/// Conditions have lines of their own: a table that is wider than a terminal is none.
fn write_table(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let at = |row: &Row| if row.at.is_empty() { "-".to_owned() } else { row.at.clone() };
    let wide = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let first = wide(&mut rows.iter().map(|row| at(row).chars().count()));
    let second = wide(&mut rows.iter().map(|row| row.to.chars().count()));
    for row in rows {
        let line = format!("{:first$}  {:second$}  {}", at(row), row.to, row.place);
        writeln!(out, "{}", line.trim_end())?;
        let priority = (row.priority != 0).then(|| format!("priority {}", row.priority));
        for condition in row.conditions.iter().map(|it| format!("if {it}")).chain(priority) {
            writeln!(out, "{:first$}    {condition}", "")?;
        }
    }
    Ok(())
}

fn as_json(row: &Row) -> Value {
    let Row { kind, at, to, conditions, priority, place } = row;
    json!({ "kind": kind.word(), "at": at, "to": to, "if": conditions, "priority": priority, "place": place })
}
