//! Sets of completion indexes as a Job's status writes them: `0,2-4`.

/// Reads `0,2-4,7`; what cannot be read is left out.
///
/// Models pkg/controller/job/indexed_job_utils.go parseIndexesFromString.
pub fn parse(text: &str) -> Vec<i64> {
    let mut indexes = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
            indexes.extend(first..=last);
        }
    }
    indexes
}

/// Writes sorted indexes as `0,2-4,7`: a run of two stands as two numbers apart, a longer one as its ends.
///
/// Models pkg/controller/job/indexed_job_utils.go orderedIntervals.String.
pub fn text(indexes: &[i64]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut i = 0;
    while i < indexes.len() {
        let mut end = i;
        while end + 1 < indexes.len() && indexes[end + 1] == indexes[end] + 1 {
            end += 1;
        }
        match end - i {
            0 => parts.push(indexes[i].to_string()),
            1 => parts.push(format!("{},{}", indexes[i], indexes[end])),
            _ => parts.push(format!("{}-{}", indexes[i], indexes[end])),
        }
        i = end + 1;
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_survive_a_round_trip() {
        for set in ["", "0", "0,1", "0-2", "1,3,4,6-9"] {
            assert_eq!(text(&parse(set)), set);
        }
    }
}
