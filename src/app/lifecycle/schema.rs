//! What the document of a lifecycle policy must look like. ECR checks it against a JSON schema, and its refusals are
//! the texts of that validator, which clients print; the same faults get the same texts here.

use serde_json::{Map, Value};

use super::policy::PolicyFault;

type Checked<T> = Result<T, PolicyFault>;

const MAX_RULES: usize = 50;
/// The longest prefix or pattern: as long as a tag may be.
const MAX_TAG: usize = 128;

/// A rule of the right shape, with the words of the document.
#[derive(Debug)]
pub(super) struct Rule<'d> {
    pub(super) priority: u32,
    pub(super) tag_status: &'d str,
    pub(super) tag_prefixes: Option<Vec<&'d str>>,
    pub(super) tag_patterns: Option<Vec<&'d str>>,
    pub(super) storage_class: Option<&'d str>,
    pub(super) count_type: &'d str,
    pub(super) count_unit: Option<&'d str>,
    pub(super) count_number: u64,
    pub(super) action: &'d str,
    pub(super) target_storage_class: Option<&'d str>,
}

/// The rules of a document, in its order.
pub(super) fn rules(document: &Value) -> Checked<Vec<Rule<'_>>> {
    let policy = object(document, &["rules"], &[])?;
    let rules = array(&policy["rules"])?;
    length("array", "elements", rules.len(), 1, MAX_RULES)?;
    rules.iter().map(rule).collect()
}

fn rule(value: &Value) -> Checked<Rule<'_>> {
    let rule = object(value, &["action", "rulePriority", "selection"], &["description"])?;
    if let Some(description) = rule.get("description") {
        text(description)?;
    }
    let selection = object(
        &rule["selection"],
        &["countNumber", "countType", "tagStatus"],
        &["countUnit", "storageClass", "tagPatternList", "tagPrefixList"],
    )?;
    let action = object(&rule["action"], &["type"], &["targetStorageClass"])?;
    Ok(Rule {
        priority: u32::try_from(positive(&rule["rulePriority"])?).unwrap_or(u32::MAX),
        tag_status: one_of(&selection["tagStatus"], &["tagged", "untagged", "any"])?,
        tag_prefixes: selection.get("tagPrefixList").map(tags).transpose()?,
        tag_patterns: selection.get("tagPatternList").map(tags).transpose()?,
        storage_class: selection
            .get("storageClass")
            .map(|class| one_of(class, &["standard", "archive"]))
            .transpose()?,
        count_type: one_of(
            &selection["countType"],
            &["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"],
        )?,
        count_unit: selection.get("countUnit").map(|unit| one_of(unit, &["days"])).transpose()?,
        count_number: positive(&selection["countNumber"])?,
        action: one_of(&action["type"], &["expire", "transition"])?,
        target_storage_class: action.get("targetStorageClass").map(|class| one_of(class, &["archive"])).transpose()?,
    })
}

/// An object that has all of the required members and no others than these and the optional ones. Both lists are
/// sorted.
fn object<'d>(value: &'d Value, required: &[&str], optional: &[&str]) -> Checked<&'d Map<String, Value>> {
    let Value::Object(members) = value else {
        return Err(of_type(value, "object"));
    };
    let known = |name: &&String| required.contains(&name.as_str()) || optional.contains(&name.as_str());
    let mut unknown: Vec<&str> = members.keys().filter(|name| !known(name)).map(String::as_str).collect();
    if !unknown.is_empty() {
        unknown.sort_unstable();
        return Err(PolicyFault::new(format!(
            "object instance has properties which are not allowed by the schema: {}",
            list(&unknown)
        )));
    }
    let missing: Vec<&str> = required.iter().copied().filter(|name| !members.contains_key(*name)).collect();
    if !missing.is_empty() {
        return Err(PolicyFault::new(format!("object has missing required properties ({})", list(&missing))));
    }
    Ok(members)
}

fn array(value: &Value) -> Checked<&Vec<Value>> {
    value.as_array().ok_or_else(|| of_type(value, "array"))
}

fn text(value: &Value) -> Checked<&str> {
    value.as_str().ok_or_else(|| of_type(value, "string"))
}

/// Prefixes or patterns. An empty list is left to the rule, which has a text of its own for it.
fn tags(value: &Value) -> Checked<Vec<&str>> {
    let entries = array(value)?;
    entries
        .iter()
        .map(|entry| {
            let entry = text(entry)?;
            length("string", "characters", entry.chars().count(), 1, MAX_TAG)?;
            Ok(entry)
        })
        .collect()
}

/// A whole number from 1 on that a 32-bit integer holds.
fn positive(value: &Value) -> Checked<u64> {
    let Value::Number(number) = value else {
        return Err(of_type(value, "integer"));
    };
    // 1.0 and 1e0 are integers to a JSON schema.
    let whole =
        number.as_i64().or_else(|| number.as_f64().filter(|float| float.fract() == 0.0).map(|float| float as i64));
    match whole {
        None => Err(of_type(value, "integer")),
        Some(found) if found < 1 => Err(PolicyFault::new(format!(
            "numeric instance is lower than the required minimum (minimum: 1, found: {number})"
        ))),
        Some(found) if found > i64::from(i32::MAX) => Err(PolicyFault::new(format!(
            "numeric instance is greater than the required maximum (maximum: {}, found: {number})",
            i32::MAX
        ))),
        Some(found) => Ok(found.unsigned_abs()),
    }
}

fn one_of<'d>(value: &'d Value, words: &[&str]) -> Checked<&'d str> {
    match value.as_str() {
        Some(word) if words.contains(&word) => Ok(word),
        _ => Err(PolicyFault::new(format!(
            "instance value ({}) not found in enum (possible values: {})",
            shown(value),
            list(words)
        ))),
    }
}

fn length(what: &str, of: &str, actual: usize, minimum: usize, maximum: usize) -> Checked<()> {
    if actual < minimum {
        return Err(PolicyFault::new(format!(
            "{what} is too short: must have at least {minimum} {of} but instance has {actual} {of}"
        )));
    }
    if actual > maximum {
        return Err(PolicyFault::new(format!(
            "{what} is too long: must have at most {maximum} {of} but instance has {actual} {of}"
        )));
    }
    Ok(())
}

fn of_type(value: &Value, allowed: &str) -> PolicyFault {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    PolicyFault::new(format!(
        "instance type ({found}) does not match any allowed primitive type (allowed: [\"{allowed}\"])"
    ))
}

/// Words as the validator prints them, `["a","b"]`.
fn list(words: &[&str]) -> String {
    Value::from(words.to_vec()).to_string()
}

/// A value of the document, cut to a length that is safe to repeat.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
