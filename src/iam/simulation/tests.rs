use std::time::{Duration, Instant};

use serde_json::json;

use super::input::Simulated;
use super::output::results;
use super::*;

fn simulated(actions: usize, resources: usize) -> Simulated {
    let actions: Vec<String> = (0..actions).map(|number| format!("ecr:A{number}")).collect();
    serde_json::from_value(json!({ "ActionNames": actions, "ResourceArns": vec!["*"; resources] })).unwrap()
}

fn scene(sources: &[(&str, &str)], context: Context) -> Scene {
    let source = |(id, text): &(&str, &str)| Source::input(id, "none", policy::Kind::Identity, text).unwrap();
    Scene::new(Setting {
        caller: Principal::root("111122223333"),
        identity: sources.iter().map(source).collect(),
        boundary: None,
        resource: None,
        owner: "111122223333".parse().unwrap(),
        context,
        given: BTreeSet::new(),
    })
}

/// All pages, as the number of results on each.
fn pages(scene: &Scene, simulated: &Simulated) -> Vec<usize> {
    let (mut pages, mut from) = (Vec::new(), 0);
    loop {
        let (found, more) = results(scene, simulated, from, 1000).unwrap();
        from += found.len();
        pages.push(found.len());
        if !more {
            return pages;
        }
    }
}

#[test]
fn a_page_ends_before_it_takes_long() {
    let statement = r#"{"Effect":"Allow","Action":"*","Resource":"*"},"#;
    let text = format!(r#"{{"Statement":[{}{statement}"#, statement.repeat(2700));
    let text = format!("{}]}}", text.trim_end_matches(','));
    let begin = Instant::now();
    let (found, more) = results(&scene(&[("long", &text)], Context::new()), &simulated(32, 32), 0, 1000).unwrap();
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert!(more && !found.is_empty() && found.len() < 100, "{}", found.len());
    assert_eq!(found[0].matched_statements.len(), 2701);
}

#[test]
fn a_page_ends_before_it_is_long() {
    let keys: Vec<String> = (0..MOST_NAMED + 5000).map(|key| format!(r#""x:{key}":"1""#)).collect();
    let condition = format!(r#"{{"StringEquals":{{{}}}}}"#, keys.join(","));
    let text = format!(r#"{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}}}"#);
    let scene = scene(&[("keys", &text)], Context::new());
    let (found, more) = results(&scene, &simulated(32, 32), 0, 1000).unwrap();
    assert!(more && found.len() < 20, "{}", found.len());
    assert_eq!(found[0].missing_context_values.len(), MOST_NAMED);
    // Nothing is left out: the pages together have everything.
    assert_eq!(pages(&scene, &simulated(5, 7)).iter().sum::<usize>(), 35);
}

#[test]
fn values_and_variables_do_not_multiply_without_end() {
    let mut context = Context::new();
    context.set("x:y", "z".repeat(100_000)).set_all("x:n", (0..30_000).map(|number| number.to_string()));
    let variables = "${x:y}".repeat(10_000);
    let numbers: Vec<String> = (100_000..130_000).map(|number| number.to_string()).collect();
    let conditions = [
        format!(r#"{{"StringLike":{{"x:y":"{variables}"}}}}"#),
        format!(r#"{{"ForAnyValue:NumericEquals":{{"x:n":[{}]}}}}"#, numbers.join(",")),
    ];
    for condition in conditions {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}}}"#
        );
        let begin = Instant::now();
        let scene = scene(&[("much", &text)], context.clone());
        assert_eq!(scene.evaluate("ecr:PutImage", "*").err(), Some(TooComplex));
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    }
}

#[test]
fn policies_of_the_same_id_keep_their_places() {
    let first = r#"{"Statement":{"Effect":"Allow","Action":"ecr:A0","Resource":"*"}}"#;
    let second = "{\n\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"ecr:A1\",\"Resource\":\"*\"}}";
    let scene = scene(&[("group_a_b_c", first), ("group_a_b_c", second)], Context::new());
    let line = |action| {
        let result = scene.evaluate(action, "*").unwrap();
        let [statement] = result.matched_statements.as_slice() else { panic!("{result:?}") };
        assert_eq!(statement.source_policy_id, "group_a_b_c");
        statement.start_position.as_ref().unwrap().line
    };
    assert_eq!([line("ecr:A0"), line("ecr:A1")], [1, 2]);
}
