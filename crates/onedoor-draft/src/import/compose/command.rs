//! What a service runs, where it lies, and where it listens: from the service, else from the Dockerfile of its image.

use crate::import::files::Input;
use crate::import::listens;
use crate::import::sketch::Address;
use crate::import::yaml::Node;

use super::dockerfile::{self, Image};

/// The port it listens on, as far as anything says it.
pub(super) fn port(node: &Node, input: &Input) -> Option<u16> {
    let words = argv(node, image(node, input).as_ref());
    let env = node.entry("environment").map(Node::pairs).unwrap_or_default();
    let env = env.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
    let found = listens::of(&words, env).into_iter().find_map(|address| match address {
        Address::Port(port) => Some(port),
        Address::Socket(_) | Address::Far { .. } => None,
    });
    found.or_else(|| ports(node, input).first().copied())
}

/// Entrypoint and command, of the service or of its image.
pub(super) fn argv(node: &Node, image: Option<&Image>) -> Vec<String> {
    let own = |key: &str| node.entry(key).map(words).filter(|words| !words.is_empty());
    let (entrypoint, own_command) = (own("entrypoint"), own("command"));
    let from_image = image.map(|image| (image.entrypoint.clone(), image.command.clone())).unwrap_or_default();
    let tail = match (&entrypoint, own_command) {
        (_, Some(command)) => command,
        // An entrypoint of its own forgets the image's command.
        (Some(_), None) => Vec::new(),
        (None, None) => from_image.1,
    };
    entrypoint.unwrap_or(from_image.0).into_iter().chain(tail).collect()
}

/// The ports inside of the container that it names, its image's last.
pub(super) fn ports(node: &Node, input: &Input) -> Vec<u16> {
    let port = |text: &str| text.rsplit(':').next()?.split(['/', '-']).next()?.parse::<u16>().ok();
    let mut found: Vec<u16> = Vec::new();
    for key in ["ports", "expose"] {
        for item in node.entry(key).map(Node::items).unwrap_or_default() {
            found.extend(item.said("target").or_else(|| item.text()).and_then(port));
        }
    }
    found.extend(image(node, input).map(|image| image.ports).unwrap_or_default());
    found
}

pub(super) fn image(node: &Node, input: &Input) -> Option<Image> {
    let file = node.entry("build").and_then(|build| build.said("dockerfile")).unwrap_or("Dockerfile");
    dockerfile::look(input, &context(node).unwrap_or_else(|| ".".to_owned()), file)
        .filter(|_| node.entry("build").is_some())
}

/// Its build context, from the file's folder.
pub(super) fn context(node: &Node) -> Option<String> {
    let build = node.entry("build")?;
    let context = build.text().or_else(|| build.said("context"))?;
    let context = context.trim_start_matches("./").trim_end_matches('/');
    (!context.is_empty() && context != "." && !context.contains(':') && !context.contains('$'))
        .then(|| context.to_owned())
}

/// A command's words: a list is exact, a text is split as a shell would, without one.
fn words(node: &Node) -> Vec<String> {
    let words = match node.text() {
        Some(text) => shlex::split(&text.replace('\n', " ")).unwrap_or_else(|| vec![text.to_owned()]),
        None => node.texts(),
    };
    // Compose filled its variables in; a command of onedoor's sees the app's environment.
    words.into_iter().map(|word| defaulted(&word)).collect()
}

/// `${PORT:-80}` in a command: its default; `${PORT}` stays, `$$X` is `$X`.
fn defaulted(word: &str) -> String {
    let mut made = String::new();
    let mut left = word;
    while let Some((before, after)) = left.split_once("${") {
        made.push_str(before);
        let Some((inside, after)) = after.split_once('}') else { return word.to_owned() };
        match inside.split_once(":-").or_else(|| inside.split_once('-')) {
            Some((_, default)) => made.push_str(default),
            None => made.extend(["${", inside.split([':', '?']).next().unwrap_or_default(), "}"]),
        }
        left = after;
    }
    (made + left).replace("$$", "$")
}
