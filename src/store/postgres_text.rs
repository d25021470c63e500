//! The text of a statement as Postgres gets it: a list within a key becomes a list of keys.
//!
//! `repository_id = $1 and digest in (select value from json_each($2))` is read alike by both databases, but not carried out
//! alike. SQLite looks each digest up. Postgres may instead read all that the repository has and look which of it is in
//! the list: it plans a statement once for all arguments, and supposes that every repository is as large as the average.
//! Among ten thousand small ones a repository of 100,000 images took 130 ms a lookup. Asked for
//! `(repository_id, digest) in (select distinct $1, value from json_each($2))` it knows no repository to read, and looks
//! the keys up one by one.

use std::borrow::Cow;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// What a list begins with, in the text that both databases share.
const LIST: &str = " in (select value from json_each($";

/// The text for Postgres. `suffix` is appended; it says which rows to lock.
pub(crate) fn of(sql: &'static str, suffix: &str) -> SqlStr {
    match keyed(sql) {
        Cow::Borrowed(_) if suffix.is_empty() => sql.into_sql_str(),
        text => AssertSqlSafe(format!("{text}{suffix}")).into_sql_str(),
    }
}

/// The statement with each list that stands within a key turned into a list of keys.
fn keyed(sql: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    for (at, _) in sql.match_indices(LIST) {
        let (mut before, column) = last_word(&sql[done..at]);
        let mut columns = column.to_owned();
        let mut values = "value".to_owned();
        while let Some((rest, column, value)) = equality_at_end(before) {
            columns = format!("{column}, {columns}");
            values = format!("{value}, {values}");
            before = rest;
        }
        if values == "value" {
            continue;
        }
        out.push_str(before);
        out.push_str(&format!("({columns}) in (select distinct {values} from json_each($"));
        done = at + LIST.len();
    }
    if done == 0 {
        return Cow::Borrowed(sql);
    }
    out.push_str(&sql[done..]);
    Cow::Owned(out)
}

/// Takes `column = $1 and ` from the end of a condition: what is before it, the column and the argument.
fn equality_at_end(text: &str) -> Option<(&str, &str, &str)> {
    let (text, and) = last_word(text);
    let (text, value) = last_word(text);
    let (text, equals) = last_word(text);
    let (text, column) = last_word(text);
    // After anything else, as after `not`, it may mean something else.
    let begins = matches!(last_word(text).1, "where" | "and" | "on");
    let is_column = column.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.'));
    (begins && is_column && equals == "=" && value.starts_with('$') && and == "and").then_some((text, column, value))
}

/// What is before the last word, with the space between, and that word.
fn last_word(text: &str) -> (&str, &str) {
    let text = text.trim_end();
    text.split_at(text.rfind(char::is_whitespace).map_or(0, |space| space + 1))
}

#[cfg(test)]
mod tests {
    use super::keyed;

    #[test]
    fn a_list_within_a_key_becomes_a_list_of_keys() {
        assert_eq!(
            keyed(
                "select digest from manifests where repository_id = $1 and digest in (select value from json_each($2)) order by digest"
            ),
            "select digest from manifests where (repository_id, digest) in (select distinct $1, value from json_each($2)) order by digest"
        );
        assert_eq!(
            keyed(
                "where ended_at is null
                   and tag.account_id = $1 and tag.region = $2
                   and tag.name in (select value from json_each($3)) and kind = $4"
            ),
            "where ended_at is null
                   and (tag.account_id, tag.region, tag.name) in (select distinct $1, $2, value from json_each($3)) and kind = $4"
        );
    }

    #[test]
    fn each_list_of_a_statement_is_found() {
        assert_eq!(
            keyed(
                "where a = $1 and b in (select value from json_each($2)) union select 1 where c in (select value from json_each($2))
                   and d = $1 and e in (select value from json_each($3))"
            ),
            "where (a, b) in (select distinct $1, value from json_each($2)) union select 1 where c in (select value from json_each($2))
                   and (d, e) in (select distinct $1, value from json_each($3))"
        );
    }

    #[test]
    fn what_is_no_list_within_a_key_stays() {
        for sql in [
            "select 1",
            "where digest in (select value from json_each($1))",
            "where not a = $1 and b in (select value from json_each($2))",
            "where a <> $1 and b in (select value from json_each($2))",
            "where a = 'x' and b in (select value from json_each($2))",
            "where (c or a = $1) and b in (select value from json_each($2))",
            "where a = $1 or b in (select value from json_each($2))",
            "from json_each($2) asked where a = $1",
        ] {
            assert_eq!(keyed(sql), sql);
        }
    }
}
