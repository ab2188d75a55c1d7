//! `onedoor explain [METHOD] URL`: which route takes a request, why, what is done with it, and what came close; and
//! `onedoor explain CODE`, what a code of `check` means.
//!
//! Asks the very parser, table and writer of heads that the proxy asks. Starts nothing, sends nothing.

mod asked;
mod code;
mod steps;
mod told;

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use clap::Args;

use self::asked::Asked;
use self::code::Word;
use self::told::Told;
use super::{Ended, FileArguments, Surroundings};

const EXAMPLES: &str = "\
Examples:
  onedoor explain /api/users
  onedoor explain POST https://example.com/api/upload
  onedoor explain /api/x -H 'X-Canary: 1' -H 'Cookie: beta=on' --ip 10.1.2.3
  onedoor explain unknown-key        what a code of `onedoor check` means";

/// Say which route takes a request, why, and what the upstream will see; or what a code means.
#[derive(Debug, Args)]
#[command(override_usage = "onedoor explain [OPTIONS] [METHOD] URL | CODE", after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The request: a path or a whole URL, as it goes over the wire; a method in front if it is not GET
    #[arg(value_name = "[METHOD] URL", num_args = 1..=2, required = true)]
    request: Vec<String>,
    /// The Host it asks for, if the URL names none
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// A header that it has; again for more
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    fields: Vec<String>,
    /// The address that it comes from
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    ip: IpAddr,
    /// Say it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    files: FileArguments,
}

pub(super) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let Arguments { request, host, fields, ip, json, files } = arguments;
    match Word::of(request) {
        Some(Word::Code(code)) => return code::write(code, surroundings.out).map(|()| Ended::Well),
        Some(Word::Nearly(code)) => {
            let (word, code) = (request.join(" "), code.as_str());
            writeln!(surroundings.talk, "error: \"{word}\" is no code and no path\ndid you mean `{code}`?")?;
            return Ok(Ended::Wrong);
        }
        None => {}
    }
    let asked = match Asked::new(request, host.as_deref(), fields, *ip) {
        Ok(asked) => asked,
        Err(why) => {
            writeln!(surroundings.talk, "error: {why}")?;
            return Ok(Ended::Wrong);
        }
    };
    let loaded = match super::load_to_ask(&files.layers(), surroundings)? {
        Ok(loaded) => loaded,
        Err(ended) => return Ok(ended),
    };
    let told = Told::of(&asked, &loaded);
    if *json {
        writeln!(surroundings.out, "{:#}", told.json())?;
    } else {
        told.write(surroundings.out)?;
    }
    let upper = asked.method.to_ascii_uppercase();
    let is_method = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&&*upper);
    if upper != asked.method && is_method {
        writeln!(surroundings.talk, "note: methods are case-sensitive; {} is not {upper}", asked.method)?;
    }
    Ok(Ended::Well)
}
