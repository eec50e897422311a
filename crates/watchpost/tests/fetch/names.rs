//! A DNS server of a few lines, on loopback.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, MX, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record};

type Zone = BTreeMap<String, Vec<RData>>;

pub struct Names {
    pub address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    asked: Arc<Mutex<Vec<String>>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Names {
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (zone, asked) = (Arc::<Mutex<Zone>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let stopping = Arc::new(AtomicBool::new(false));
        let (records, heard, stop) = (Arc::clone(&zone), Arc::clone(&asked), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            let mut datagram = [0; 4096];
            while let Ok((octets, from)) = socket.recv_from(&mut datagram) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(question) = Message::from_vec(&datagram[..octets]) {
                    let answer = answer(&question, &records.lock().unwrap(), &heard);
                    socket.send_to(&answer.to_vec().unwrap(), from).unwrap();
                }
            }
        });
        Self { address, zone, asked, stopping, thread: Some(thread) }
    }

    fn put(&self, name: &str, record: RData) {
        self.zone.lock().unwrap().entry(name.to_owned()).or_default().push(record);
    }

    pub fn srv(&self, name: &str, priority: u16, port: u16, target: &str) {
        let target = Name::from_ascii(format!("{}.", target.trim_end_matches('.'))).unwrap();
        self.put(name, RData::SRV(SRV::new(priority, 0, port, target)));
    }

    pub fn mx(&self, name: &str, target: &str) {
        self.put(name, RData::MX(MX::new(10, Name::from_ascii(format!("{target}.")).unwrap())));
    }

    pub fn host(&self, name: &str, address: Ipv4Addr) {
        self.put(name, RData::A(A(address)));
    }

    /// Names that were asked for, with the type of the record.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(question: &Message, zone: &Zone, heard: &Mutex<Vec<String>>) -> Message {
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.recursion_desired = true;
    answer.metadata.recursion_available = true;
    answer.queries.clone_from(&question.queries);
    let query = &question.queries[0];
    let name = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
    heard.lock().unwrap().push(format!("{name} {}", query.query_type()));
    match zone.get(&name) {
        None => answer.metadata.response_code = ResponseCode::NXDomain,
        Some(records) => {
            let fitting = records.iter().filter(|record| record.record_type() == query.query_type());
            answer.answers =
                fitting.map(|record| Record::from_rdata(query.name().clone(), 60, record.clone())).collect();
        }
    }
    answer
}

impl Drop for Names {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread, unless it is gone already.
        let _ = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"stop", self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
