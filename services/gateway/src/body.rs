//! The body of a request and the parameter of its path, as every dialect reads them; each refuses in its own words.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::Shared;
use crate::layers::MAX_BODY_BYTES;

/// Why a body cannot be read.
#[derive(Debug)]
pub(crate) enum BadBody {
    /// It has more than 4 MiB.
    TooLarge,
    /// There is none.
    Empty,
    /// It is no JSON.
    NotJson(serde_json::Error),
    /// It is JSON, but no object.
    NotObject,
}

impl BadBody {
    /// What is wrong, for people.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::TooLarge => "the body is larger than 4 MiB".to_owned(),
            Self::Empty => "the body is empty, and must be JSON".to_owned(),
            Self::NotJson(error) => format!("the body is not valid JSON: {error}"),
            Self::NotObject => "the body must be a JSON object".to_owned(),
        }
    }
}

/// Reads a body as JSON; numbers keep their digits.
pub(crate) async fn json(body: Body) -> Result<Value, BadBody> {
    let bytes = to_bytes(body, MAX_BODY_BYTES).await;
    let bytes = bytes.map_err(|_| BadBody::TooLarge)?;
    if bytes.is_empty() {
        return Err(BadBody::Empty);
    }
    serde_json::from_slice(&bytes).map_err(BadBody::NotJson)
}

/// Reads a body as a JSON object.
pub(crate) async fn object(body: Body) -> Result<Value, BadBody> {
    let value = json(body).await?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(BadBody::NotObject)
    }
}

/// The media type of a body in lower case, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = value.split(';').next().unwrap_or_default().trim();
    (!kind.is_empty()).then(|| kind.to_ascii_lowercase())
}

/// The first parameter of the path; what no name can be is not found.
pub(crate) struct PathText(pub String);

impl FromRequestParts<Shared> for PathText {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, StatusCode> {
        let params = RawPathParams::from_request_parts(parts, &()).await;
        let params = params.map_err(|_| StatusCode::NOT_FOUND)?;
        let mut texts = params.iter().map(|(_, text)| text);
        // No stored name has the character U+0000.
        texts
            .next()
            .filter(|text| !text.is_empty() && !text.contains('\0'))
            .map(|text| Self(text.to_owned()))
            .ok_or(StatusCode::NOT_FOUND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_has_no_parameters_and_no_case() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            if let Ok(value) = text.parse() {
                headers.insert(header::CONTENT_TYPE, value);
            }
            media_type(&headers)
        };
        let json = Some("application/json".to_owned());
        assert_eq!(of("Application/JSON; charset=utf-8"), json);
        assert_eq!(of("application/json"), json);
        assert_eq!(of(" ; charset=utf-8"), None);
        assert_eq!(media_type(&HeaderMap::new()), None);
    }
}
