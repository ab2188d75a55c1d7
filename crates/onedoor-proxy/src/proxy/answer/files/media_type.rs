//! What a file is, by the end of its name: the types that are found on web sites, as IANA and browsers name them.
//!
//! Text says that it is UTF-8; what is not known is bytes, which a browser saves rather than shows.

const UNKNOWN: &str = "application/octet-stream";

/// Sorted by extension, for the search.
#[rustfmt::skip]
const TYPES: &[(&str, &str)] = &[
    ("3gp", "video/3gpp"), ("7z", "application/x-7z-compressed"), ("aac", "audio/aac"), ("apng", "image/apng"),
    ("atom", "application/atom+xml"), ("avi", "video/x-msvideo"),
    ("avif", "image/avif"), ("bmp", "image/bmp"), ("br", "application/x-brotli"), ("bz2", "application/x-bzip2"),
    ("cer", "application/pkix-cert"), ("cjs", "text/javascript; charset=utf-8"), 
    ("crt", "application/x-x509-ca-cert"), ("css", "text/css; charset=utf-8"), ("csv", "text/csv; charset=utf-8"),
    ("cur", "image/x-icon"), ("dae", "model/vnd.collada+xml"), ("deb", "application/vnd.debian.binary-package"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("eot", "application/vnd.ms-fontobject"), ("epub", "application/epub+zip"), ("flac", "audio/flac"),
    ("geojson", "application/geo+json"), ("gif", "image/gif"), ("glb", "model/gltf-binary"), ("gltf", "model/gltf+json"),
    ("gpx", "application/gpx+xml"), ("gz", "application/gzip"), ("heic", "image/heic"), ("heif", "image/heif"),
    ("htm", "text/html; charset=utf-8"), ("html", "text/html; charset=utf-8"), ("ico", "image/x-icon"),
    ("ics", "text/calendar; charset=utf-8"), ("jar", "application/java-archive"), ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"), ("js", "text/javascript; charset=utf-8"), ("json", "application/json"),
    ("json5", "application/json5"), ("jsonld", "application/ld+json"), ("jxl", "image/jxl"),
    ("kml", "application/vnd.google-earth.kml+xml"), ("kmz", "application/vnd.google-earth.kmz"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"), ("m4s", "video/iso.segment"), ("m4v", "video/mp4"), ("map", "application/json"),
    ("markdown", "text/markdown; charset=utf-8"), ("md", "text/markdown; charset=utf-8"), ("mid", "audio/midi"),
    ("mjs", "text/javascript; charset=utf-8"), ("mkv", "video/matroska"), ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"), ("mp4", "video/mp4"), ("mpd", "application/dash+xml"), ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"), ("obj", "model/obj"),
    ("odp", "application/vnd.oasis.opendocument.presentation"), ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"), ("oga", "audio/ogg"), ("ogg", "audio/ogg"), ("ogv", "video/ogg"),
    ("opus", "audio/ogg"), ("otf", "font/otf"), ("parquet", "application/vnd.apache.parquet"), ("pdf", "application/pdf"),
    ("png", "image/png"), ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"), 
    ("rar", "application/vnd.rar"), ("rss", "application/rss+xml"), ("rtf", "application/rtf"),
    ("stl", "model/stl"), ("svg", "image/svg+xml"), ("svgz", "image/svg+xml"),
    ("tar", "application/x-tar"), ("tgz", "application/gzip"), ("tif", "image/tiff"), ("tiff", "image/tiff"),
    ("toml", "application/toml"), ("ts", "video/mp2t"), ("tsv", "text/tab-separated-values; charset=utf-8"),
    ("ttc", "font/collection"), ("ttf", "font/ttf"), ("txt", "text/plain; charset=utf-8"),
    ("usdz", "model/vnd.usdz+zip"), ("vcf", "text/vcard; charset=utf-8"), ("vtt", "text/vtt; charset=utf-8"),
    ("wasm", "application/wasm"), ("wav", "audio/wav"), ("weba", "audio/webm"), ("webm", "video/webm"),
    ("webmanifest", "application/manifest+json"), ("webp", "image/webp"), ("woff", "font/woff"), ("woff2", "font/woff2"),
    ("xhtml", "application/xhtml+xml"), ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), ("xml", "text/xml; charset=utf-8"),
    ("xsl", "text/xml; charset=utf-8"), ("xz", "application/x-xz"), ("yaml", "application/yaml"),
    ("yml", "application/yaml"), ("zip", "application/zip"), ("zst", "application/zstd"),
];

/// The longest extension there is an entry for.
const LONGEST: usize = 11;

/// The Content-Type of a file of this name.
pub(super) fn of(name: &[u8]) -> &'static str {
    find(name).unwrap_or(UNKNOWN)
}

/// Whether a name ends as that of a file does, and not of a page: `app.js`, but neither `index.html` nor `john.doe`.
pub(super) fn is_of_an_asset(name: &[u8]) -> bool {
    find(name).is_some_and(|found| !found.starts_with("text/html"))
}

fn find(name: &[u8]) -> Option<&'static str> {
    let name = name.rsplit(|byte| *byte == b'/').next()?;
    let dot = memchr::memrchr(b'.', name).filter(|at| *at > 0)?;
    let extension = name.get(dot + 1..)?;
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..extension.len())?;
    lower.copy_from_slice(extension);
    lower.make_ascii_lowercase();
    let at = TYPES.binary_search_by(|(known, _)| known.as_bytes().cmp(lower)).ok()?;
    TYPES.get(at).map(|(_, media)| *media)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_extension_fits() {
        assert!(TYPES.is_sorted_by(|(one, _), (next, _)| one < next));
        assert_eq!(TYPES.iter().map(|(extension, _)| extension.len()).max(), Some(LONGEST));
        assert!(TYPES.iter().all(|(extension, media)| of(format!("x.{extension}").as_bytes()) == *media));
        assert!(TYPES.len() >= 100, "{}", TYPES.len());
    }

    #[test]
    fn a_name_says_what_the_file_is() {
        for (name, media) in [
            ("index.html", "text/html; charset=utf-8"),
            ("a/b/INDEX.HTM", "text/html; charset=utf-8"),
            ("app.3f2a.js", "text/javascript; charset=utf-8"),
            ("app.js.map", "application/json"),
            ("x.SVG", "image/svg+xml"),
            ("font.woff2", "font/woff2"),
            ("a.wasm", "application/wasm"),
            ("LICENSE", UNKNOWN),
            ("a.b/c", UNKNOWN),
            (".html", UNKNOWN),
            ("a.", UNKNOWN),
            ("a.unheardofextension", UNKNOWN),
            ("a.\u{e9}", UNKNOWN),
        ] {
            assert_eq!(of(name.as_bytes()), media, "{name}");
        }
    }

    #[test]
    fn a_page_is_no_asset_and_a_dot_does_not_make_one() {
        for (name, is) in [
            ("a/app.js", true),
            ("x.png", true),
            ("a.html", false),
            ("a", false),
            ("u/john.doe", false),
            ("v1.2", false),
        ] {
            assert_eq!(is_of_an_asset(name.as_bytes()), is, "{name}");
        }
    }
}
