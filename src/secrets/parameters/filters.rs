//! `ParameterFilters` of lists: all of them must fit, and of each one of its values.

use serde::Deserialize;
use store::parameter_versions::ParameterVersionRow;
use store::parameters::ParameterRow;

use super::failures;
use super::put::document;
use crate::error::Error;
use crate::tags;

/// One filter.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Filter {
    key: String,
    option: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

/// All filters of a list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filters(Vec<One>);

#[derive(Debug, Clone)]
struct One {
    key: Subject,
    how: How,
    /// None: any will do.
    values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Name,
    Type,
    KeyId,
    Path,
    Label,
    Tier,
    DataType,
    Tag(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Equals,
    BeginsWith,
    Contains,
    OneLevel,
    Recursive,
}

impl Filters {
    /// Reads `ParameterFilters` of a list of descriptions.
    pub(crate) fn read(filters: Option<Vec<Filter>>) -> Result<Self, Error> {
        filters.unwrap_or_default().into_iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Reads `Filters`, as clients sent them once: names and keys begin so.
    pub(crate) fn read_old(filters: Option<Vec<Filter>>) -> Result<Self, Error> {
        let begins =
            |filter: Filter| Filter { option: (filter.key == "Name").then(|| "BeginsWith".to_owned()), ..filter };
        Self::read(filters.map(|filters| filters.into_iter().map(begins).collect()))
    }

    /// Reads `ParameterFilters` of a list by path, and adds the path.
    pub(crate) fn of_path(path: &str, recursive: bool, filters: Option<Vec<Filter>>) -> Result<Self, Error> {
        let mut read = Self::read(filters)?;
        if let Some(wrong) =
            read.0.iter().find(|one| !matches!(one.key, Subject::Type | Subject::KeyId | Subject::Label))
        {
            return Err(failures::bad_filter_key(&format!("{:?}", wrong.key)));
        }
        let how = if recursive { How::Recursive } else { How::OneLevel };
        read.0.push(One { key: Subject::Path, how, values: vec![path.to_owned()] });
        Ok(read)
    }

    /// Whether every parameter below the path is wanted.
    pub(crate) fn fit_all(&self) -> bool {
        self.0.iter().all(|one| one.how == How::Recursive)
    }

    /// Whether a parameter is wanted.
    pub(crate) fn fit(&self, row: &ParameterRow, version: &ParameterVersionRow) -> bool {
        self.0.iter().all(|one| one.fits(row, version))
    }
}

fn one(filter: Filter) -> Result<One, Error> {
    let key = match filter.key.as_str() {
        "Name" => Subject::Name,
        "Type" => Subject::Type,
        "KeyId" => Subject::KeyId,
        "Path" => Subject::Path,
        "Label" => Subject::Label,
        "Tier" => Subject::Tier,
        "DataType" => Subject::DataType,
        other => match other.strip_prefix("tag:") {
            Some(tag) if !tag.is_empty() => Subject::Tag(tag.to_owned()),
            _ => return Err(failures::bad_filter_key(other)),
        },
    };
    let bad = |option: &str| failures::bad_filter_option(option);
    let how = match (&key, filter.option.as_deref()) {
        (Subject::Path, None | Some("OneLevel")) => How::OneLevel,
        (Subject::Path, Some("Recursive")) => How::Recursive,
        (Subject::Path, Some(other)) => return Err(bad(other)),
        (_, None | Some("Equals")) => How::Equals,
        (Subject::Name | Subject::KeyId | Subject::Label, Some("BeginsWith")) => How::BeginsWith,
        (Subject::Name, Some("Contains")) => How::Contains,
        (_, Some(other)) => return Err(bad(other)),
    };
    let needed = !matches!(key, Subject::Tag(_));
    if filter.values.len() > 50 || (needed && filter.values.is_empty()) {
        return Err(failures::bad_filter_value());
    }
    Ok(One { key, how, values: filter.values })
}

impl One {
    fn fits(&self, row: &ParameterRow, version: &ParameterVersionRow) -> bool {
        let any = |text: &str| self.values.iter().any(|value| self.how.fits(text, value));
        match &self.key {
            Subject::Name | Subject::Path => any(&row.name),
            Subject::Type => any(&version.kind),
            Subject::KeyId => version.kind == "SecureString" && any("alias/aws/ssm"),
            // No version has one.
            Subject::Label => false,
            Subject::Tier => any(&document(version).tier),
            Subject::DataType => any(&document(version).data_type),
            Subject::Tag(key) => {
                tags::from_json(&row.tags).get(key).is_some_and(|text| self.values.is_empty() || any(text))
            }
        }
    }
}

impl How {
    fn fits(self, text: &str, value: &str) -> bool {
        let below = || text.strip_prefix(value.trim_end_matches('/'))?.strip_prefix('/');
        match self {
            Self::Equals => text == value,
            Self::BeginsWith => text.starts_with(value),
            Self::Contains => text.contains(value),
            Self::OneLevel => below().is_some_and(|rest| !rest.contains('/')),
            Self::Recursive => below().is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_what_is_below_it() {
        for path in ["/a", "/a/"] {
            assert!(How::OneLevel.fits("/a/b", path));
            assert!(!How::OneLevel.fits("/a/b/c", path));
            assert!(How::Recursive.fits("/a/b/c", path));
            for other in ["/a", "/ab/c", "/b", "a/b"] {
                assert!(!How::Recursive.fits(other, path), "{other}");
            }
        }
        assert!(How::OneLevel.fits("/a", "/"));
    }

    #[test]
    fn filters_that_make_no_sense_are_refused() {
        let filter = |key: &str, option: Option<&str>, values: &[&str]| Filter {
            key: key.to_owned(),
            option: option.map(str::to_owned),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        for good in [filter("tag:a", None, &[]), filter("Name", Some("Contains"), &["x"])] {
            assert!(Filters::read(Some(vec![good])).is_ok());
        }
        for bad in [
            filter("Other", None, &["x"]),
            filter("tag:", None, &["x"]),
            filter("Type", Some("BeginsWith"), &["x"]),
            filter("Path", Some("Equals"), &["/"]),
            filter("Name", None, &[]),
        ] {
            assert!(Filters::read(Some(vec![bad])).is_err());
        }
        assert!(Filters::of_path("/", false, Some(vec![filter("Name", None, &["x"])])).is_err());
    }
}
