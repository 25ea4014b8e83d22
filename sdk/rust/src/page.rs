//! Lists as streams: pages are fetched as the stream is read.

use std::collections::VecDeque;

use futures::{Stream, TryStreamExt as _, stream::try_unfold};

use crate::Error;

/// All items of a list, in order. `fetch` gets a page token (empty for the first page) and
/// answers the items of that page and the token of the next one (empty at the end).
///
/// A server that answers the same token twice ends the stream with an error instead of an
/// endless loop.
pub fn pages<Item, Fetch, Pending>(fetch: Fetch) -> impl Stream<Item = Result<Item, Error>>
where
    Fetch: Fn(String) -> Pending,
    Pending: Future<Output = Result<(Vec<Item>, String), Error>>,
{
    let start = (VecDeque::new(), Some(String::new()), fetch);
    try_unfold(start, |(mut items, mut token, fetch)| async move {
        loop {
            if let Some(item) = items.pop_front() {
                return Ok(Some((item, (items, token, fetch))));
            }
            let Some(current) = token.take() else {
                return Ok::<_, Error>(None);
            };
            let (page, next) = fetch(current.clone()).await?;
            if !next.is_empty() && next == current {
                return Err(Error::Setup("the server repeated a page token".into()));
            }
            items = page.into();
            token = (!next.is_empty()).then_some(next);
        }
    })
    .into_stream()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn pages_are_joined_and_empty_ones_passed_over() {
        let stream = pages(|token: String| async move {
            Ok(match token.as_str() {
                "" => (vec![1, 2], "a".to_owned()),
                "a" => (vec![], "b".to_owned()),
                _ => (vec![3], String::new()),
            })
        });
        let all: Vec<i32> = stream.try_collect().await.unwrap();
        assert_eq!(all, [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_repeated_token_is_an_error() {
        let stream = pages(|_| async { Ok((vec![1], "a".to_owned())) });
        assert!(stream.try_collect::<Vec<i32>>().await.is_err());
    }
}
