//! `maxResults`, and how it goes together with other members.

use aws::invalid_parameter;

use crate::error::Error;

/// Entries of a page when nobody says.
const DEFAULT: usize = 100;

/// Reads `maxResults`, which is at most `most`.
pub(crate) fn limit(max_results: Option<i64>, most: usize) -> Result<usize, Error> {
    let Some(wanted) = max_results else {
        return Ok(DEFAULT.min(most));
    };
    match usize::try_from(wanted) {
        Ok(0) | Err(_) => Err(invalid_parameter("maxResults", "must have value greater than or equal to 1").into()),
        Ok(wanted) if wanted > most => {
            Err(invalid_parameter("maxResults", format!("must have value less than or equal to {most}")).into())
        }
        Ok(wanted) => Ok(wanted),
    }
}

/// Checks the length of a list that a client sends.
pub(crate) fn length<T>(member: &str, list: &[T], most: usize) -> Result<(), Error> {
    if list.is_empty() {
        return Err(invalid_parameter(member, "must have length greater than or equal to 1").into());
    }
    if list.len() > most {
        return Err(invalid_parameter(member, format!("must have length less than or equal to {most}")).into());
    }
    Ok(())
}

/// A list that names its entries has no pages: both cannot be asked for.
pub(crate) fn no_paging(member: &str, max_results: Option<i64>, next_token: Option<&str>) -> Result<(), Error> {
    if max_results.is_some() || next_token.is_some() {
        let what = "must not be used together with maxResults or nextToken";
        return Err(invalid_parameter(member, what).into());
    }
    Ok(())
}
