//! Query parameters, decoded once. Unknown ones are ignored: clients send their own.

/// The parameters of one request.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter, in their order.
    pub(crate) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All parameters but those.
    pub(crate) fn others(&self, names: &[&str]) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect()
    }

    /// A media type. Clients send its `+` both escaped and as it is; a form decoder makes a space of the latter.
    pub(crate) fn media_type(&self, name: &str) -> Option<String> {
        self.get(name).filter(|value| !value.is_empty()).map(|value| value.replace(' ', "+"))
    }
}
