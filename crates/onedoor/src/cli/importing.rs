//! `onedoor init --from`: which files are meant, and the report of what became of them.

use std::io;
use std::path::{Path, PathBuf};

use onedoor_draft::{Conversion, Detail, Fault, Format, Input};

use super::{Ended, Surroundings};

/// What `--from` was given: `nginx a.conf b.conf supervisord s.conf`.
#[derive(Debug)]
struct Asked {
    format: Format,
    files: Vec<PathBuf>,
}

/// Converts what `--from` names; the report goes to stderr, whatever becomes of the file.
pub(super) fn convert(
    from: &[String],
    detail: Detail,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<Conversion, Ended>> {
    let asked = match asked(from) {
        Ok(asked) => asked,
        Err(message) => {
            writeln!(surroundings.talk, "{message}")?;
            return Ok(Err(Ended::Wrong));
        }
    };
    let inputs: Result<Vec<(Format, Vec<Input>)>, Fault> = asked
        .iter()
        .map(|asked| {
            let files: Result<Vec<Input>, Fault> = asked.files.iter().map(|file| Input::read(file)).collect();
            Ok((asked.format, files?))
        })
        .collect();
    match inputs.and_then(|inputs| onedoor_draft::convert(&inputs)) {
        Ok(conversion) => {
            write!(surroundings.talk, "{}", conversion.report.render(detail))?;
            if detail == Detail::Loud {
                writeln!(
                    surroundings.talk,
                    "\n-v tells what was converted into what, and what is not needed, too"
                )?;
            }
            Ok(Ok(conversion))
        }
        Err(fault) => {
            writeln!(surroundings.talk, "{fault}\nnothing was written")?;
            Ok(Err(Ended::Wrong))
        }
    }
}

/// Each format with its files. A word that is the name of a format begins the next one; a file of such a name is
/// written `./nginx`.
fn asked(from: &[String]) -> Result<Vec<Asked>, String> {
    let names = || Format::ALL.map(Format::name).join(", ");
    let mut asked: Vec<Asked> = Vec::new();
    for word in from {
        match (Format::named(word), asked.last_mut()) {
            (Some(format), _) => asked.push(Asked { format, files: Vec::new() }),
            (None, Some(last)) => last.files.push(PathBuf::from(word)),
            (None, None) => {
                return Err(format!("--from {word}: there is no such format; the formats are {}", names()));
            }
        }
    }
    for one in asked.iter_mut().filter(|one| one.files.is_empty()) {
        let usual = one.format.usual_files();
        match usual.iter().find(|file| Path::new(file).is_file()) {
            Some(file) => one.files.push(PathBuf::from(file)),
            None => {
                return Err(format!(
                    "--from {name}: there is no {} here; name the file: --from {name} FILE",
                    usual.join(", "),
                    name = one.format.name(),
                ));
            }
        }
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_from_are_formats_and_their_files() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let shown = |text: &str| match asked(&words(text)) {
            Ok(asked) => {
                asked.iter().map(|one| format!("{}={:?} ", one.format.name(), one.files)).collect::<String>()
            }
            Err(message) => message,
        };
        assert_eq!(
            shown("nginx a.conf b.conf supervisord s.ini"),
            "nginx=[\"a.conf\", \"b.conf\"] supervisord=[\"s.ini\"] "
        );
        assert!(
            shown("apache a.conf").starts_with("--from apache: there is no such format"),
            "{}",
            shown("apache a.conf")
        );
        assert!(shown("nginx").starts_with("--from nginx: there is no nginx.conf"), "{}", shown("nginx"));
    }
}
