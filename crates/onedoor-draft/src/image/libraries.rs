//! Which Debian packages the libraries of a project need when they run: what a wheel or a package binds at run time and
//! a slim image does not have.

use crate::folder::Place;

/// A word of the manifest → the Debian packages (trixie).
const OF_PYTHON: [(&str, &[&str]); 14] = [
    ("psycopg2", &["libpq5"]),
    ("psycopg", &["libpq5"]),
    ("mysqlclient", &["libmariadb3"]),
    ("pycairo", &["libcairo2"]),
    ("cairosvg", &["libcairo2"]),
    ("weasyprint", &["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]),
    ("pdf2image", &["poppler-utils"]),
    ("pytesseract", &["tesseract-ocr"]),
    ("opencv-python", &["libgl1", "libglib2.0-0t64"]),
    ("python-magic", &["libmagic1t64"]),
    ("pydub", &["ffmpeg"]),
    ("python-ldap", &["libldap2"]),
    ("pyodbc", &["unixodbc"]),
    ("gdal", &["libgdal36"]),
];

const OF_JAVASCRIPT: [(&str, &[&str]); 3] = [
    ("canvas", &["libcairo2", "libpango-1.0-0", "libjpeg62-turbo", "libgif7", "librsvg2-2"]),
    ("prisma", &["openssl"]),
    ("@prisma/client", &["openssl"]),
];

const OF_RUBY: [(&str, &[&str]); 4] = [
    ("pg", &["libpq5"]),
    ("mysql2", &["libmariadb3"]),
    ("ruby-vips", &["libvips42t64"]),
    ("rmagick", &["libmagickwand-7.q16-10"]),
];

pub(super) fn of_ruby(place: Place<'_>) -> Vec<&'static str> {
    let text = place.text("Gemfile").unwrap_or_default();
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("gem "))
        .filter_map(|line| line.trim_start().get(1..)?.split(['"', '\'']).next())
        .collect();
    gather(&OF_RUBY, |name| names.contains(&name))
}

pub(super) fn of_python(place: Place<'_>) -> Vec<&'static str> {
    let manifests = ["requirements.txt", "pyproject.toml", "Pipfile"];
    let text: String =
        manifests.iter().filter_map(|name| place.text(name)).map(|text| text.to_ascii_lowercase()).collect();
    let names: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).collect();
    gather(&OF_PYTHON, |name| names.contains(&name))
}

pub(super) fn of_javascript(place: Place<'_>) -> Vec<&'static str> {
    let Some(json) = place.json("package.json") else { return Vec::new() };
    gather(&OF_JAVASCRIPT, |name| json.get("dependencies").is_some_and(|list| list.get(name).is_some()))
}

fn gather(table: &[(&str, &'static [&'static str])], needs: impl Fn(&str) -> bool) -> Vec<&'static str> {
    table.iter().filter(|(name, _)| needs(name)).flat_map(|(_, packages)| packages.iter().copied()).collect()
}
