//! Writes databases of MaxMind's form, version 2.0, as GeoLite2 and DB-IP come: a binary tree over the bits of an
//! address, then the data, then what the database is. <https://maxmind.github.io/MaxMind-DB/>

/// A value of the data section, as far as databases of countries and networks need them.
pub enum Value {
    Text(&'static str),
    Number(u32),
    Map(Vec<(&'static str, Value)>),
}

/// A database of IPv4 networks: each with its data.
pub fn database(kind: &'static str, networks: &[([u8; 4], u8, Value)]) -> Vec<u8> {
    let (mut nodes, mut data) = (vec![[None, None]], Vec::new());
    for (address, length, value) in networks {
        let place = data.len();
        write(&mut data, value);
        let bits = u32::from_be_bytes(*address);
        let mut node = 0;
        for depth in 0..u32::from(*length) {
            let side = (bits >> (31 - depth) & 1) as usize;
            if depth + 1 == u32::from(*length) {
                nodes[node][side] = Some(Record::Data(place));
                break;
            }
            node = if let Some(Record::Node(next)) = nodes[node][side] {
                next
            } else {
                nodes.push([None, None]);
                let next = nodes.len() - 1;
                nodes[node][side] = Some(Record::Node(next));
                next
            };
        }
    }
    let count = nodes.len();
    let mut file = Vec::new();
    for record in nodes.into_iter().flatten() {
        // No data is the number of nodes; data stands behind them and sixteen zeros.
        let number = match record {
            None => count,
            Some(Record::Node(node)) => node,
            Some(Record::Data(place)) => count + 16 + place,
        };
        file.extend(&u32::try_from(number).unwrap().to_be_bytes()[1..]);
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    describe(&mut file, kind, u32::try_from(count).unwrap());
    file
}

#[derive(Clone, Copy)]
enum Record {
    Node(usize),
    Data(usize),
}

const TEXT: u8 = 2;
const NUMBER_16: u8 = 5;
const NUMBER_32: u8 = 6;
const MAP: u8 = 7;
/// Types beyond seven stand in an octet of their own, less seven.
const NUMBER_64: u8 = 9 - 7;
const LIST: u8 = 11 - 7;

fn write(file: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => {
            // From 29 on, an octet of its own has the rest of the length.
            let length = u8::try_from(text.len()).unwrap();
            file.push(TEXT << 5 | length.min(29));
            file.extend(length.checked_sub(29));
            file.extend(text.bytes());
        }
        Value::Number(number) => {
            file.push(NUMBER_32 << 5 | 4);
            file.extend(number.to_be_bytes());
        }
        Value::Map(entries) => {
            file.push(MAP << 5 | u8::try_from(entries.len()).unwrap());
            for (key, value) in entries {
                write(file, &Value::Text(key));
                write(file, value);
            }
        }
    }
}

fn describe(file: &mut Vec<u8>, kind: &'static str, nodes: u32) {
    let key = |file: &mut Vec<u8>, name: &'static str| write(file, &Value::Text(name));
    file.push(MAP << 5 | 9);
    key(file, "node_count");
    write(file, &Value::Number(nodes));
    for (name, number) in [
        ("record_size", 24_u8),
        ("ip_version", 4),
        ("binary_format_major_version", 2),
        ("binary_format_minor_version", 0),
    ] {
        key(file, name);
        file.extend([NUMBER_16 << 5 | 1, number]);
    }
    key(file, "database_type");
    write(file, &Value::Text(kind));
    key(file, "languages");
    file.extend([1, LIST]);
    write(file, &Value::Text("en"));
    key(file, "build_epoch");
    file.extend([4, NUMBER_64]);
    // 2026-01-01.
    file.extend(1_767_225_600_u32.to_be_bytes());
    key(file, "description");
    write(file, &Value::Map(vec![("en", Value::Text("made by a test"))]));
}
