//! The documents: every link inside the repository leads to a file, and to a heading of it.

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in a folder of the repository")
}

/// The Markdown files of `folder`, without those of folders below it.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be listed");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The targets of the links in `text`: what stands in `](…)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// The anchors that the headings of `text` get where it is shown: lower case, hyphens for spaces, no punctuation.
fn anchors(text: &str) -> Vec<String> {
    let mut in_code = false;
    let headings = text.lines().filter(|line| {
        in_code ^= line.starts_with("```");
        !in_code && line.starts_with('#')
    });
    let anchor = |heading: &str| {
        let title = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        title.chars().filter(|char| char.is_alphanumeric() || matches!(char, '-' | '_')).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_inside_the_repository_leads_somewhere() {
    let folders = ["", "docs", "docs/decisions", "docs/guide"];
    let mut seen = 0;
    let mut faults = Vec::new();
    for document in folders.iter().flat_map(|folder| documents(&root().join(folder))) {
        let text = std::fs::read_to_string(&document).expect("a document can be read");
        for target in links(&text).filter(|target| !target.contains("://")) {
            seen += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { document.clone() } else { document.with_file_name(path) };
            let heading =
                || std::fs::read_to_string(&file).is_ok_and(|text| anchors(&text).iter().any(|it| it == anchor));
            if !file.exists() || !(anchor.is_empty() || heading()) {
                faults.push(format!("{} -> {target}", document.display()));
            }
        }
    }
    assert!(seen > 50, "only {seen} links were found");
    assert!(faults.is_empty(), "links that lead nowhere: {faults:#?}");
}

#[test]
fn the_readme_names_every_page_of_the_guide() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README can be read");
    for page in documents(&root().join("docs/guide")) {
        let name = page.file_name().expect("a page has a name").to_string_lossy();
        assert!(readme.contains(&format!("](docs/guide/{name})")), "the README does not name {name}");
    }
}
