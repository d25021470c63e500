//! `docker-compose.yml`, as far as it can be judged by reading it: what it sets exists, and its head says what can be set.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tests::harness::program::Program;

fn composition() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docker-compose.yml");
    std::fs::read_to_string(path).expect("the composition can be read")
}

/// Its settings of Wharf: the lines `WHARF_…: value`.
#[test]
fn what_it_sets_is_a_setting() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let help = Program::run(&["serve", "--help"], &[], home.path(), Duration::from_secs(20)).stdout;
    let composition = composition();
    let lines = composition.lines().filter_map(|line| line.trim_start().split_once(": "));
    let names: Vec<&str> = lines.map(|(name, _)| name).filter(|name| name.starts_with("WHARF_")).collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        assert!(
            help.contains(&format!("{name}]")) || help.contains(&format!("{name}=")),
            "{name} is no setting: {help}"
        );
    }
}

#[test]
fn its_head_lists_every_variable_with_its_default() {
    let composition = composition();
    let head = composition.lines().take_while(|line| line.starts_with('#'));
    let listed: BTreeMap<&str, &str> = head
        .filter_map(|line| line.strip_prefix("#   "))
        .filter_map(|line| line.split("  ").next()?.split_once('='))
        .collect();
    let used: BTreeMap<&str, &str> = composition
        .split("${")
        .skip(1)
        .map(|rest| rest.split_once('}').expect("a variable ends with a brace").0)
        .map(|variable| variable.split_once(":-").expect("every variable has a default, be it empty"))
        .collect();
    assert_eq!(listed, used);
}
