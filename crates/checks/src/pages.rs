use std::collections::BTreeMap;

use serde_json::Value;

use super::Judgement;
use super::judgement::{Clause, some};
use super::reading::{api_calls, described, numbers};
use crate::domain::Exchange;

const CLAUSE: Clause = Clause("C-56");

/// GX-08: the list at `path` is read to its end: offsets follow each other without gap, no page is asked for twice, and the
/// reading ends with the page whose `hasMore` is false (C-56). The exchanges must hold one reading of the list for each
/// end-user and filter; pages may be asked for at the same time.
pub fn check_list_read_to_the_end(exchanges: &[Exchange], path: &str) -> Judgement {
    let mut readings: BTreeMap<Reading<'_>, Vec<Page<'_>>> = BTreeMap::new();
    for page in api_calls(exchanges).into_iter().filter(|call| call.path == path).filter_map(Page::of) {
        let filters = page.call.query.iter().filter(|(name, _)| !matches!(name.as_str(), "offset" | "limit" | "access_token")).collect();
        readings.entry((page.call.facts.subject.as_deref(), filters)).or_default().push(page);
    }
    for mut reading in some(readings.into_values().collect(), &format!("the platform answered no page of {path}"))? {
        reading.sort_by_key(|page| (page.offset, page.call.number));
        check_reading(&reading)?;
    }
    Ok(())
}

/// The exchanges without pages that were there already: to read a list once more for another purpose is no mistake of its reading.
pub fn each_page_once(exchanges: &[Exchange]) -> Vec<Exchange> {
    let mut kept: Vec<Exchange> = Vec::new();
    for exchange in exchanges {
        let known = |page: &Exchange| page.status == 200 && page.path == exchange.path && page.query == exchange.query;
        if exchange.method != "GET" || !kept.iter().any(known) {
            kept.push(exchange.clone());
        }
    }
    kept
}

/// What makes a reading of a list: the end-user's subject and the filters.
type Reading<'a> = (Option<&'a str>, Vec<&'a (String, String)>);

/// One answered page.
struct Page<'a> {
    call: &'a Exchange,
    offset: u64,
    items: u64,
    has_more: bool,
}

impl<'a> Page<'a> {
    fn of(call: &'a Exchange) -> Option<Self> {
        if call.method != "GET" || call.status != 200 {
            return None;
        }
        let answer = call.response.as_ref()?;
        let asked = || call.query_value("offset").and_then(|text| text.parse().ok()).unwrap_or_default();
        Some(Self {
            call,
            offset: answer.get("offset").and_then(Value::as_u64).unwrap_or_else(asked),
            items: u64::try_from(answer.get("items")?.as_array()?.len()).ok()?,
            has_more: answer.get("hasMore")?.as_bool()?,
        })
    }
}

fn check_reading(reading: &[Page<'_>]) -> Judgement {
    let mut expected = 0;
    let mut ended: Option<&Page<'_>> = None;
    for (index, page) in reading.iter().enumerate() {
        if let Some(twin) = reading[..index].iter().find(|earlier| earlier.offset == page.offset) {
            let actual = format!("offset {} twice", page.offset);
            let shown = [twin.call.number, page.call.number];
            return Err(CLAUSE.refuse("the application asks for a page twice", "each page once", actual, shown));
        }
        if let Some(last) = ended {
            let shown = [last.call.number, page.call.number];
            let actual = format!("a request for offset {}", page.offset);
            return Err(CLAUSE.refuse("the application reads on after hasMore was false", "no further page", actual, shown));
        }
        if page.offset != expected {
            return Err(CLAUSE.refuse(
                format!("{} leaves out or repeats entries of the list", described(page.call)),
                format!("offset {expected}: where the page before ended"),
                format!("offset {}", page.offset),
                [page.call.number],
            ));
        }
        expected += page.items;
        ended = (!page.has_more).then_some(page);
    }
    if ended.is_some() {
        return Ok(());
    }
    Err(CLAUSE.refuse(
        "the application stops reading a list before its end",
        "pages until hasMore is false",
        format!("{} pages, {expected} entries, and hasMore still true", reading.len()),
        numbers(reading.iter().map(|page| page.call)),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::*;
    use super::*;

    const PATH: &str = "/v2/tenants/7/patients";

    fn page(number: u64, offset: u64, items: usize, has_more: bool) -> Exchange {
        let mut request = call(number, PATH, "[access-token-1]");
        set(&mut request.query, "offset", &offset.to_string());
        request.response = Some(json!({
            "items": vec![json!({ "id": 1 }); items], "totalCount": 123, "offset": offset, "limit": 50, "hasMore": has_more,
        }));
        request
    }

    fn whole() -> Vec<Exchange> {
        vec![page(1, 0, 50, true), page(2, 50, 50, true), page(3, 100, 23, false)]
    }

    fn judged(exchanges: &[Exchange]) -> Judgement {
        check_list_read_to_the_end(exchanges, PATH)
    }

    #[test]
    fn a_whole_reading_passes_in_any_order_and_per_end_user() {
        assert_eq!(judged(&whole()), Ok(()));
        assert_eq!(judged(&[page(1, 0, 0, false)]), Ok(()), "an empty list is one page");
        assert_eq!(judged(&[page(1, 0, 50, true), page(3, 50, 50, true), page(2, 100, 23, false)]), Ok(()));
        let mut others = whole();
        others.iter_mut().for_each(|page| page.facts.subject = Some("bruno".to_owned()));
        assert_eq!(judged(&[whole(), others].concat()), Ok(()));
        let limited = refused(page(4, 50, 0, true), 429, "rate_limit_exceeded");
        assert_eq!(judged(&[vec![limited], whole()].concat()), Ok(()), "a refused page is no page");
        undecided(judged(&[]));
        undecided(check_list_read_to_the_end(&whole(), "/v2/tenants/7/invoices"));
    }

    #[test]
    fn a_list_that_is_read_again_for_something_else_is_read_once() {
        let limited = refused(page(1, 0, 50, true), 429, "rate_limit_exceeded");
        let again: Vec<Exchange> = whole().into_iter().map(|page| Exchange { number: page.number + 10, ..page }).collect();
        let all = [vec![limited], whole(), again].concat();
        assert!(found(judged(&all)).contains("twice"));
        assert_eq!(judged(&each_page_once(&all)), Ok(()));
        assert!(found(judged(&each_page_once(&whole()[..2]))).contains("before its end"));
    }

    #[test]
    fn a_reading_with_a_fault_is_refused() {
        assert!(found(judged(&whole()[..2])).contains("before its end"));
        assert!(found(judged(&[whole(), vec![page(4, 50, 50, true)]].concat())).contains("twice"));
        assert!(found(judged(&[whole(), vec![page(4, 123, 0, false)]].concat())).contains("reads on"));
        assert!(found(judged(&[page(1, 0, 50, true), page(2, 100, 23, false)])).contains("leaves out"));
        assert!(found(judged(&[page(1, 0, 20, true), page(2, 50, 50, false)])).contains("leaves out"), "another default limit");
        assert!(found(judged(&whole()[1..])).contains("leaves out"));
    }
}
