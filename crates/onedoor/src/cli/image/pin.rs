//! `--pin FILE`: the digests of the images that a Dockerfile is made from, so that it is made from the same ones next year.
//!
//! A line for each, as in `python:3.13-slim-trixie sha256:…`; it is kept with the sources. What has a line is not asked
//! for again: take the line out, or the file away, and the next `onedoor dockerfile --pin` asks anew.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::engine;
use crate::cli::replace_file;

const HEAD: &str = "# The images that the Dockerfile is made from. `onedoor dockerfile --pin` adds what is missing; take a line out to have it asked for anew.\n";

/// An image and its digest.
pub(super) type Pins = BTreeMap<String, String>;

/// Whether a line that is missing is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Ask,
    Refuse,
}

/// The pins of these images, and the file with them in it.
pub(super) fn pins(file: &Path, images: &[String], missing: Missing) -> Result<Pins, String> {
    let mut pins = match fs::read_to_string(file) {
        Ok(text) => read(&text).map_err(|(line, why)| format!("{}:{line}: {why}", file.display()))?,
        Err(error) if error.kind() == ErrorKind::NotFound => Pins::new(),
        Err(error) => return Err(format!("{} cannot be read: {error}", file.display())),
    };
    let wanted: Vec<&String> = images.iter().filter(|image| !pins.contains_key(*image)).collect();
    if let (Missing::Refuse, Some(image)) = (missing, wanted.first()) {
        return Err(format!(
            "{}: has no line for {image}; `onedoor dockerfile --pin {}` asks for its digest",
            file.display(),
            file.display()
        ));
    }
    if wanted.is_empty() {
        return Ok(pins);
    }
    for image in wanted {
        let digest = digest(image).map_err(|why| {
            format!("the digest of {image} is not known: {why}; ask for it where that works, and write `{image} sha256:...` into {}", file.display())
        })?;
        pins.insert(image.clone(), digest);
    }
    replace_file::put(file, &written(&pins))
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    Ok(pins)
}

fn read(text: &str) -> Result<Pins, (usize, String)> {
    let mut pins = Pins::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [image, digest] if is_digest(digest) => drop(pins.insert(image.to_owned(), digest.to_owned())),
            _ => {
                return Err((
                    number,
                    format!(
                        "`{line}` is no image with its digest, as in `python:3.13 sha256:...` with 64 hexadecimal digits"
                    ),
                ));
            }
        }
    }
    Ok(pins)
}

fn written(pins: &Pins) -> String {
    let lines = pins.iter().flat_map(|(image, digest)| [image, " ", digest, "\n"]);
    [HEAD].into_iter().chain(lines).collect()
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// Of the image for all machines, as its registry has it: whoever can say so without fetching it is asked first.
fn digest(image: &str) -> Result<String, String> {
    let ways = [of_skopeo, of_docker, of_podman];
    let mut reasons = Vec::new();
    for way in ways {
        match way(image) {
            Ok(digest) if is_digest(&digest) => return Ok(digest),
            Ok(other) => reasons.push(format!("`{other}` is no digest")),
            Err(why) => reasons.push(why),
        }
    }
    Err(reasons.join("; "))
}

fn of_skopeo(image: &str) -> Result<String, String> {
    engine::ask(&["skopeo", "inspect", "--no-tags", "--format", "{{.Digest}}", &format!("docker://{image}")])
}

fn of_docker(image: &str) -> Result<String, String> {
    engine::ask(&["docker", "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", image])
}

/// It has to fetch the image; of the digests that it remembers then, the other one is that of all machines.
fn of_podman(image: &str) -> Result<String, String> {
    let inspect =
        ["podman", "image", "inspect", "--format", "{{.Digest}} {{join .RepoDigests \" \"}}", image];
    let said = engine::ask(&inspect).or_else(|why| {
        if !engine::is_here("podman") {
            return Err(why);
        }
        engine::ask(&["podman", "pull", "--quiet", image])?;
        engine::ask(&inspect)
    })?;
    Ok(of_all_machines(&said).to_owned())
}

/// `OWN name@ONE name@OTHER`
fn of_all_machines(said: &str) -> &str {
    let (own, all) = said.split_once(' ').unwrap_or((said, ""));
    let digests = all.split(' ').filter_map(|word| word.split_once('@')).map(|(_, digest)| digest);
    digests.into_iter().find(|digest| *digest != own).unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    const OTHER: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

    #[test]
    fn what_is_written_is_read_again_and_what_is_no_pin_is_told_with_its_line() {
        let pins = Pins::from([("b:1".to_owned(), ONE.to_owned()), ("a:1".to_owned(), OTHER.to_owned())]);
        let text = written(&pins);
        assert_eq!(read(&text), Ok(pins));
        assert!(text.find("a:1 ") < text.find("b:1 "), "in the order of their names");
        for line in ["python:3.13", "python:3.13 sha256:1", "a b c", &format!("a {}", ONE.to_uppercase())] {
            assert_eq!(read(&format!("# x\n\n{line}\n")).unwrap_err().0, 3, "{line}");
        }
    }

    #[test]
    fn the_digest_is_that_of_the_image_for_all_machines() {
        assert_eq!(of_all_machines(&format!("{ONE} x@{ONE} x@{OTHER}")), OTHER);
        assert_eq!(of_all_machines(&format!("{ONE} x@{ONE}")), ONE);
        assert_eq!(of_all_machines(ONE), ONE);
    }

    #[test]
    fn what_has_a_line_is_not_asked_for_and_what_has_none_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("images.lock");
        fs::write(&file, format!("a:1 {ONE}\n")).unwrap();
        let images = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(pins(&file, &images(&["a:1"]), Missing::Refuse).unwrap()["a:1"], ONE);
        let refused = pins(&file, &images(&["a:1", "b:1"]), Missing::Refuse).unwrap_err();
        assert!(refused.contains("has no line for b:1"), "{refused}");
    }
}
