//! What is asked of policies when a session begins: an action for each thing that it is given, and the condition keys that
//! say what these are. Whether they allow it is decided elsewhere.

use app::sessions::Wanted;

/// All actions that a session needs which one of them begins.
pub(crate) fn actions(begin: &'static str, wanted: &Wanted) -> Vec<&'static str> {
    let mut actions = vec![begin];
    if !wanted.tags.is_empty() {
        actions.push("sts:TagSession");
    }
    if wanted.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    actions
}

/// The condition keys that each of these actions has.
pub(crate) fn conditions(wanted: &Wanted) -> Vec<(String, Vec<String>)> {
    let mut conditions = vec![("sts:RoleSessionName".to_owned(), vec![wanted.name.clone()])];
    if !wanted.tags.is_empty() {
        let tag = |(key, value): &(String, String)| (format!("aws:RequestTag/{key}"), vec![value.clone()]);
        conditions.extend(wanted.tags.iter().map(tag));
        conditions.push(("aws:TagKeys".to_owned(), wanted.tags.iter().map(|(key, _)| key.clone()).collect()));
    }
    if !wanted.transitive_tag_keys.is_empty() {
        conditions.push(("sts:TransitiveTagKeys".to_owned(), wanted.transitive_tag_keys.clone()));
    }
    conditions.extend(wanted.source_identity.clone().map(|who| ("sts:SourceIdentity".to_owned(), vec![who])));
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_session_is_given_is_asked_for() {
        let mut wanted = Wanted { name: "run".to_owned(), ..Wanted::default() };
        assert_eq!(actions("sts:AssumeRole", &wanted), ["sts:AssumeRole"]);
        assert_eq!(conditions(&wanted), [("sts:RoleSessionName".to_owned(), vec!["run".to_owned()])]);
        wanted.tags = vec![("team".to_owned(), "red".to_owned())];
        wanted.transitive_tag_keys = vec!["team".to_owned()];
        wanted.source_identity = Some("anna".to_owned());
        assert_eq!(actions("sts:AssumeRole", &wanted), ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]);
        let conditions: Vec<_> =
            conditions(&wanted).into_iter().map(|(key, values)| format!("{key}={}", values.join(","))).collect();
        let expected = [
            "sts:RoleSessionName=run",
            "aws:RequestTag/team=red",
            "aws:TagKeys=team",
            "sts:TransitiveTagKeys=team",
            "sts:SourceIdentity=anna",
        ];
        assert_eq!(conditions, expected);
    }
}
