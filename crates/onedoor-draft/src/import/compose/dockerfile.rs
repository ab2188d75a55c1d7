//! What an image runs, read from the Dockerfile of a service that only says `build`: the last CMD, ENTRYPOINT,
//! EXPOSE, WORKDIR. Nothing is built, and what the lines do besides is not understood.

use crate::import::files::{Budget, Input};

#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) entrypoint: Vec<String>,
    pub(super) command: Vec<String>,
    pub(super) ports: Vec<u16>,
    pub(super) user: Option<String>,
}

/// None: there is none to be read.
pub(super) fn look(input: &Input, context: &str, file: &str) -> Option<Image> {
    // Contexts elsewhere, and those that are URLs, are not looked at.
    if context.contains(':') || context.starts_with('/') || context.contains("..") || file.contains("..") {
        return None;
    }
    let path = format!("{}/{file}", context.trim_end_matches('/'));
    let found = input.included(path.trim_start_matches("./"), &Budget::new()).ok()?;
    Some(read(&found.first()?.text))
}

fn read(text: &str) -> Image {
    let mut image = Image::default();
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    for line in joined.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            // A new stage begins anew.
            "FROM" => image = Image::default(),
            "CMD" => image.command = words(rest),
            "ENTRYPOINT" => {
                image.entrypoint = words(rest);
                image.command.clear();
            }
            "EXPOSE" => {
                let ports =
                    rest.split_whitespace().filter_map(|port| port.split('/').next()?.parse::<u16>().ok());
                image.ports.extend(ports);
            }
            "USER" if !rest.contains('$') => image.user = Some(rest.to_owned()),
            _ => {}
        }
    }
    image
}

/// `["a", "b"]`, or a line for the shell.
fn words(text: &str) -> Vec<String> {
    if let Ok(words) = serde_json::from_str::<Vec<String>>(text) {
        return words;
    }
    match shlex::split(text) {
        Some(words) if !text.contains(['|', '&', ';', '<', '>', '(', '`', '$']) => words,
        _ if text.is_empty() => Vec::new(),
        _ => vec!["sh".to_owned(), "-c".to_owned(), text.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_says_what_runs() {
        let image = read(
            "FROM node AS b\nCMD [\"x\"]\nFROM node\nEXPOSE 3000 9000/udp\nENTRYPOINT [\"node\"]\nCMD [\"a.js\"]\n",
        );
        assert_eq!((image.entrypoint, image.command), (vec!["node".to_owned()], vec!["a.js".to_owned()]));
        assert_eq!(image.ports, [3000, 9000]);
        assert_eq!(read("CMD uvicorn a:b \\\n  --port 80").command, ["uvicorn", "a:b", "--port", "80"]);
        assert_eq!(read("CMD a && b").command, ["sh", "-c", "a && b"]);
    }
}
