//! Text that fits: shortens names for a drawing whose letters are all of one width.

/// Width of a letter of a monospaced font, as a share of the font's size.
const ADVANCE: f32 = 0.602;

/// How wide a text is drawn.
pub fn width(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * size * ADVANCE
}

/// The text if it fits into `room`, otherwise the text with its middle left out: the ends of generated names tell them apart.
pub fn fit(text: &str, room: f32, size: f32) -> String {
    let letters: Vec<char> = text.chars().collect();
    let places = (room / (size * ADVANCE)).max(0.0) as usize;
    if letters.len() <= places {
        return text.to_owned();
    }
    if places < 3 {
        return letters[letters.len() - places.min(letters.len())..].iter().collect();
    }
    let tail = match places {
        0..=8 => places - 1,
        9..=15 => 6,
        _ => 11,
    };
    let head = places - 1 - tail;
    let mut short: String = letters[..head].iter().collect();
    short.push('…');
    short.extend(&letters[letters.len() - tail..]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_and_what_does_not_keeps_its_end() {
        let name = "tomcat-6d5b8c7f9d-x7k2p";
        assert_eq!(fit(name, 1000.0, 11.0), name);
        for room in [10.0, 30.0, 60.0, 90.0, 120.0] {
            let short = fit(name, room, 11.0);
            assert!(width(&short, 11.0) <= room, "{short} in {room}");
        }
        assert_eq!(fit(name, 80.0, 11.0), "tomca…-x7k2p");
    }
}
