//! `GET /v2/<name>/tags/list` (end-8)

use app::Permit;
use http::StatusCode;
use http::header::LINK;
use serde_json::json;

use crate::call::Call;
use crate::error::WireError;
use crate::paging::Page;
use crate::response::{self, Answer};

pub(crate) async fn list(call: &Call, permit: &Permit) -> Result<Answer, WireError> {
    let page = Page::parse(&call.query)?;
    let name = permit.repository();
    let found = app::tags::list(&call.ctx, permit, &page.last, page.limit).await?;
    let mut answer =
        response::json(StatusCode::OK, "application/json", &json!({ "name": name.as_str(), "tags": found.tags }));
    if let Some(last) = found.tags.last().filter(|_| found.more) {
        answer.headers_mut().insert(LINK, page.link(&format!("/v2/{name}/tags/list"), last));
    }
    Ok(answer)
}
