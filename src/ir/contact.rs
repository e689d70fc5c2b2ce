//! How to reach a person besides by email.

use std::fmt;

use smol_str::SmolStr;

/// How to reach a person of a team besides by email.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Contact {
    /// The name, unique in the team.
    pub name: SmolStr,
    /// The email address, by which schedules and escalations name the person.
    pub email: String,
    /// The phone number.
    pub phone: Option<Phone>,
    /// The member ID in Slack, `U012ABCDEF`.
    pub slack: Option<String>,
    /// The user name in Telegram, without `@`.
    pub telegram: Option<String>,
    /// The account in Microsoft Teams, an email address.
    pub microsoft_teams: Option<String>,
    /// How PagerDuty notifies the person at the phone number.
    pub pagerduty: Vec<ContactMethod>,
}

/// A way in which PagerDuty notifies a person at a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContactMethod {
    /// A call.
    Phone,
    /// A text message.
    Sms,
}

impl ContactMethod {
    /// The word of the language.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Sms => "sms",
        }
    }
}

/// A phone number as in the recommendation E.164 of the ITU: a country calling code and a national number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone {
    /// The country calling code, 1 to 999.
    pub country: u16,
    /// The digits behind the country calling code. The first is not 0.
    pub number: String,
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}{}", self.country, self.number)
    }
}

/// The reason why a text is not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneError {
    /// It does not begin with `+`.
    NoPlus,
    /// It contains something other than digits, spaces, hyphens, dots and parentheses.
    NotDigits,
    /// Its country calling code begins with 0.
    NoCountry,
    /// The national number begins with 0, the prefix of calls within a country.
    TrunkPrefix,
    /// It has fewer than 7 digits, or more than the 15 that E.164 allows.
    Length(usize),
}

impl fmt::Display for PhoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlus => write!(f, "no country code"),
            Self::NotDigits => write!(f, "not a digit"),
            Self::NoCountry => write!(f, "no country code begins with 0"),
            Self::TrunkPrefix => write!(f, "a number with a country code has no leading 0"),
            Self::Length(digits) => write!(f, "{digits} digits, expected 7 to 15"),
        }
    }
}

impl std::error::Error for PhoneError {}

/// Returns whether a country calling code has two digits. `1` and `7` have one, all others three (the ITU's list of assigned
/// codes of E.164).
fn is_two_digit_code(code: u16) -> bool {
    matches!(
        code,
        20 | 27 | 30..=34 | 36 | 39..=41 | 43..=49 | 51..=58 | 60..=66 | 81 | 82 | 84 | 86 | 90..=95 | 98
    )
}

/// Italy's numbers keep their leading 0 behind the country calling code.
const ITALY: u16 = 39;

impl Phone {
    /// Parses a phone number: `+44 20 7946 0000`. Spaces, hyphens, dots and parentheses between digits are ignored.
    ///
    /// # Errors
    ///
    /// If the text is not a number of E.164 with its country calling code.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let rest = text.trim().strip_prefix('+').ok_or(PhoneError::NoPlus)?;
        let is_layout = |c: char| [' ', '-', '.', '(', ')', '\u{a0}'].contains(&c);
        if !rest.chars().all(|c| c.is_ascii_digit() || is_layout(c)) {
            return Err(PhoneError::NotDigits);
        }
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        if !(7..=15).contains(&digits.len()) {
            return Err(PhoneError::Length(digits.len()));
        }
        let number = |length: usize| -> Option<u16> { digits.get(..length)?.parse().ok() };
        let length = match (number(1), number(2)) {
            (Some(0), _) => return Err(PhoneError::NoCountry),
            (Some(1 | 7), _) => 1,
            (_, Some(two)) if is_two_digit_code(two) => 2,
            _ => 3,
        };
        let country = number(length).ok_or(PhoneError::NoCountry)?;
        let number = digits.get(length..).unwrap_or_default().to_owned();
        if number.starts_with('0') && country != ITALY {
            return Err(PhoneError::TrunkPrefix);
        }
        Ok(Self { country, number })
    }

    /// Returns whether PagerDuty's provider accepts the number: it rejects a leading 0 of the national number.
    pub fn is_supported_by_pagerduty(&self) -> bool {
        !self.number.starts_with('0')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_country_calling_code() {
        let parsed = |text: &str| {
            let phone = Phone::parse(text).map(|phone| (phone.country, phone.number));
            phone.ok()
        };
        for (text, country, number) in [
            ("+44 20 7946 0000", 44, "2079460000"),
            ("+1 (202) 555-0100", 1, "2025550100"),
            ("+7 495 000 00 00", 7, "4950000000"),
            ("+353 20 915 0000", 353, "209150000"),
            ("+49.30.23125000", 49, "3023125000"),
            ("+39 06 0000 0000", 39, "0600000000"),
        ] {
            assert_eq!(parsed(text), Some((country, number.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        for (text, why) in [
            ("020 7946 0000", PhoneError::NoPlus),
            ("+44 20 7946 0000 ext. 5", PhoneError::NotDigits),
            ("+0044 20 7946", PhoneError::NoCountry),
            ("+44 (0)20 7946 0000", PhoneError::TrunkPrefix),
            ("+44 20", PhoneError::Length(4)),
            ("+1234567890123456", PhoneError::Length(16)),
        ] {
            assert_eq!(Phone::parse(text), Err(why), "{text}");
        }
        let italian = Phone::parse("+39 06 0000 0000");
        assert!(italian.is_ok_and(|phone| !phone.is_supported_by_pagerduty()));
    }

    #[test]
    fn a_number_survives_its_text() {
        let phone = Phone::parse("+44 20 7946 0000");
        let again = phone.as_ref().map(|phone| Phone::parse(&phone.to_string()));
        assert_eq!(again, Ok(phone.clone()));
    }
}
