//! `onedoor plan`: what the image would be made from, and because of which file.

use std::io::{self, Write};

use clap::Args;
use serde_json::json;

use super::super::{Ended, Surroundings};
use super::ImageArguments;

/// Show what the image would be made from, because of which file.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,
    /// One JSON object for all
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let made = match super::make(&arguments.image, None, surroundings)? {
        Ok(made) => made,
        Err(ended) => return Ok(ended),
    };
    let plan = &made.image.plan;
    if arguments.json {
        let folders: Vec<_> = plan
            .iter()
            .map(|planned| {
                json!({
                    "dir": planned.dir, "apps": planned.apps, "provider": planned.provider,
                    "manager": planned.manager, "because": planned.because, "experimental": planned.experimental,
                })
            })
            .collect();
        writeln!(surroundings.out, "{:#}", json!({ "folders": folders, "notes": made.image.notes }))?;
        return Ok(Ended::Well);
    }
    let mut rows = vec![["APPS", "IN", "PROVIDER", "MANAGER", "BECAUSE OF"].map(str::to_owned)];
    for planned in plan {
        let dir = if planned.dir.is_empty() { "." } else { &planned.dir };
        rows.push([
            planned.apps.join(", "),
            dir.to_owned(),
            planned.provider.to_owned(),
            planned.manager.to_owned(),
            planned.because.join("; "),
        ]);
    }
    write_rows(&rows, surroundings.out)?;
    super::write_notes(&made.image, surroundings.talk)?;
    Ok(Ended::Well)
}

fn write_rows(rows: &[[String; 5]], out: &mut dyn Write) -> io::Result<()> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
