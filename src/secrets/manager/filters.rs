//! `Filters` of lists: all of them must fit, and of each one of its values. A value that begins with `!` must not fit.

use serde::Deserialize;
use store::secrets::SecretRow;

use super::failures;
use crate::error::Error;
use crate::tags::{self, Tags};

/// One filter.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Filter {
    #[serde(default)]
    key: String,
    #[serde(default)]
    values: Vec<String>,
}

/// All filters of a list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filters(Vec<(Subject, Vec<String>)>);

#[derive(Debug, Clone, Copy)]
enum Subject {
    Description,
    Name,
    TagKey,
    TagValue,
    Region,
    /// No service owns a secret here.
    Owner,
    All,
}

impl Filters {
    /// Reads `Filters`.
    pub(crate) fn read(filters: Option<Vec<Filter>>) -> Result<Self, Error> {
        let filters = filters.unwrap_or_default();
        if filters.len() > 10 {
            return Err(failures::invalid("At most 10 filters can be given."));
        }
        let read = |Filter { key, values }: Filter| {
            let key = match key.as_str() {
                "description" => Subject::Description,
                "name" => Subject::Name,
                "tag-key" => Subject::TagKey,
                "tag-value" => Subject::TagValue,
                "primary-region" => Subject::Region,
                "owning-service" => Subject::Owner,
                "all" => Subject::All,
                _ => return Err(failures::invalid(format!("The filter key {key} is not supported."))),
            };
            if values.is_empty() || values.len() > 10 || values.iter().any(|value| value.chars().count() > 512) {
                return Err(failures::invalid("A filter has 1 to 10 values of at most 512 characters."));
            }
            Ok((key, values))
        };
        filters.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether every secret is wanted.
    pub(crate) fn fit_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a secret is wanted.
    pub(crate) fn fit(&self, row: &SecretRow) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let tags = tags::from_json(&row.tags);
        self.0.iter().all(|(key, values)| values.iter().any(|value| fits(*key, value, row, &tags)))
    }
}

fn fits(key: Subject, value: &str, row: &SecretRow, tags: &Tags) -> bool {
    let (negated, value) = match value.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, value),
    };
    let description = row.description.as_deref().unwrap_or_default();
    let found = match key {
        Subject::Name => row.name.starts_with(value),
        Subject::Description => {
            let (description, value) = (description.to_lowercase(), value.to_lowercase());
            description.starts_with(&value) || has_word(&description, &value)
        }
        Subject::TagKey => tags.keys().any(|key| key.starts_with(value)),
        Subject::TagValue => tags.values().any(|text| text.starts_with(value)),
        Subject::Region => row.registry.region.as_str().starts_with(value),
        Subject::Owner => false,
        Subject::All => {
            let texts = [row.name.as_str(), description].into_iter();
            let texts = texts.chain(tags.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]));
            let all = texts.collect::<Vec<_>>().join(" ").to_lowercase();
            value.to_lowercase().split_whitespace().all(|word| has_word(&all, word))
        }
    };
    found != negated
}

/// Whether one of the words of a text begins so.
fn has_word(text: &str, start: &str) -> bool {
    text.split(|character: char| !character.is_alphanumeric()).any(|word| word.starts_with(start))
        || text.split_whitespace().any(|word| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::*;

    #[test]
    fn filters_are_prefixes_and_may_be_negated() {
        let row = SecretRow {
            secret_id: String::new(),
            registry: types::RegistryId {
                account: "000000000000".parse().unwrap(),
                region: "us-east-1".parse().unwrap(),
            },
            name: "prod/Db".to_owned(),
            arn_suffix: String::new(),
            description: Some("The main database".to_owned()),
            tags: r#"{"Team":"Blue"}"#.to_owned(),
            created_at: Timestamp::from_micros(0),
            changed_at: Timestamp::from_micros(0),
            accessed_at: None,
            deletes_at: None,
        };
        let fit = |key: &str, values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            Filters::read(Some(vec![Filter { key: key.to_owned(), values }])).unwrap().fit(&row)
        };
        for (key, value) in [
            ("name", "prod/"),
            ("description", "the"),
            ("description", "DATA"),
            ("tag-key", "Te"),
            ("tag-value", "Blue"),
            ("primary-region", "us-"),
            ("all", "main prod"),
            ("all", "blue"),
            ("owning-service", "!rds"),
        ] {
            assert!(fit(key, &[value]), "{key} {value}");
        }
        for (key, value) in
            [("name", "Prod"), ("name", "!prod"), ("tag-key", "te"), ("all", "main test"), ("owning-service", "rds")]
        {
            assert!(!fit(key, &[value]), "{key} {value}");
        }
        assert!(fit("name", &["x", "prod"]));
        assert!(Filters::read(Some(vec![Filter { key: "x".to_owned(), values: vec!["a".to_owned()] }])).is_err());
    }
}
