//! The Clojure project cannot be built here, as Jepsen cannot be fetched. What can be checked without: every file reads to its end, is the namespace that its
//! path says, and requires only namespaces of the project that are there.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clojure")
}

fn sources() -> Vec<(PathBuf, String)> {
    let folder = root().join("src/jepsen/quorate");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(root().join("project.clj"));
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// What is wrong with the brackets of Clojure's text, if anything is; `at` the line of it.
fn unbalanced(text: &str) -> Option<String> {
    let mut open: Vec<(char, usize)> = Vec::new();
    let (mut line, mut characters) = (1, text.chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            '\n' => line += 1,
            ';' => while characters.next_if(|next| *next != '\n').is_some() {},
            '\\' => _ = characters.next(),
            '"' => {
                let begin = line;
                loop {
                    match characters.next() {
                        None => return Some(format!("the string of line {begin} has no end")),
                        Some('"') => break,
                        Some('\\') => _ = characters.next(),
                        Some('\n') => line += 1,
                        Some(_) => {}
                    }
                }
            }
            '(' | '[' | '{' => open.push((character, line)),
            ')' | ']' | '}' => {
                let wanted = match character {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                match open.pop() {
                    Some((found, _)) if found == wanted => {}
                    other => return Some(format!("{character} of line {line} closes {other:?}")),
                }
            }
            _ => {}
        }
    }
    open.last().map(|(character, line)| format!("{character} of line {line} is not closed"))
}

#[test]
fn every_file_reads_to_its_end() {
    for (path, text) in sources() {
        assert_eq!(unbalanced(&text), None, "{}", path.display());
    }
    for (wrong, part) in [("(a", "not closed"), ("(a]", "closes"), ("\"a", "no end"), (")", "closes None")] {
        assert!(unbalanced(wrong).is_some_and(|what| what.contains(part)), "{wrong}");
    }
    assert_eq!(unbalanced("(\\( \"[\\\"\" ; {\n)"), None);
}

#[test]
fn namespaces_are_those_of_the_files() {
    let sources = sources();
    let names: BTreeSet<String> = sources
        .iter()
        .filter_map(|(path, _)| path.strip_prefix(root().join("src/jepsen/quorate")).ok())
        .map(|path| path.with_extension("").to_str().unwrap().replace('_', "-"))
        .collect();
    for (path, text) in &sources {
        let Ok(file) = path.strip_prefix(root().join("src/jepsen/quorate")) else { continue };
        let name = file.with_extension("").to_str().unwrap().replace('_', "-");
        assert!(text.starts_with(&format!("(ns jepsen.quorate.{name}\n")), "{}", path.display());
        // `[jepsen.quorate.client :as c]`, and `[jepsen.quorate [append :as append] …]` to its `]]`.
        let alone = text.split("[jepsen.quorate.").skip(1);
        let listed = text
            .split("[jepsen.quorate [")
            .skip(1)
            .flat_map(|list| list.split("]]").next().unwrap_or_default().split('[').map(str::trim_start));
        for required in alone.chain(listed) {
            let required = required.split([' ', ']']).next().unwrap();
            assert!(names.contains(required), "{}: {required} is not there", path.display());
        }
    }
    assert!(names.len() >= 8, "{names:?}");
    let project = fs::read_to_string(root().join("project.clj")).unwrap();
    assert!(project.contains(":main jepsen.quorate.core") && names.contains("core"));
}
