//! Filters of tag immutability: which texts are filters, and that a filter matches a tag exactly when the regular
//! expression of the same meaning does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regex::Regex;
use wharf_types::{Tag, TagFilter};

fuzz_target!(|texts: (&str, &str)| {
    let (filter, tag) = texts;
    let legal = Regex::new(r"\A[0-9a-zA-Z._*-]{1,128}\z").expect("a valid expression").is_match(filter)
        && filter.matches('*').count() <= 2;
    let parsed = filter.parse::<TagFilter>();
    assert_eq!(parsed.is_ok(), legal, "{filter:?}");
    let (Ok(parsed), Ok(tag)) = (parsed, tag.parse::<Tag>()) else {
        return;
    };
    let expression = format!(r"\A{}\z", regex::escape(filter).replace(r"\*", ".*"));
    let expected = Regex::new(&expression).expect("a valid expression").is_match(tag.as_str());
    assert_eq!(parsed.matches(&tag), expected, "{filter:?} on {tag}");
});
