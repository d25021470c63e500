//! `GET /v2/_catalog`

use http::StatusCode;
use http::header::LINK;
use serde_json::json;

use crate::call::Call;
use crate::error::WireError;
use crate::paging::Page;
use crate::response::{self, Answer};

pub(crate) async fn list(call: &Call) -> Result<Answer, WireError> {
    let page = Page::parse(&call.query)?;
    if page.limit == 0 {
        return Ok(response::json(StatusCode::OK, "application/json", &json!({ "repositories": [] })));
    }
    let found = app::catalog::list(&call.ctx, &page.last, page.limit).await?;
    let names: Vec<&str> = found.names.iter().map(types::RepoName::as_str).collect();
    let mut answer = response::json(StatusCode::OK, "application/json", &json!({ "repositories": names }));
    if let Some(next) = &found.next {
        answer.headers_mut().insert(LINK, page.link("/v2/_catalog", next));
    }
    Ok(answer)
}
