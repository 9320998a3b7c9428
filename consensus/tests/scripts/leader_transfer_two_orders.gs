# An order that a first target may still obey keeps the lease away even when a second target has answered since.

cluster nodes=5
(stand 1)
(deliver)
(pass 15)
(transfer 1 2)
cut 1 2
(pass 101)
(drop to=2)
(transfer 1 3)
cancel 1
cut 1 3
(drop to=3)
heal
cut 1 2
pass 10
---
n1 does not hand over: Cancelled
n1 begins round 12 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=12 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=12 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=12 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=12 floor=1
n3 -> n1 HeartbeatAck term=1 seq=12 commit=1 applied=0
n4 -> n1 HeartbeatAck term=1 seq=12 commit=1 applied=0
n5 -> n1 HeartbeatAck term=1 seq=12 commit=1 applied=0

# n2 hears the leader again: its order is void.
heal
pass 10
---
n1 begins round 13 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=13 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=13 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=13 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=13 floor=1
n2 is follower in term 1, leader n1
n2 -> n1 HeartbeatAck term=1 seq=13 commit=1 applied=0
n3 -> n1 HeartbeatAck term=1 seq=13 commit=1 applied=0
n4 -> n1 HeartbeatAck term=1 seq=13 commit=1 applied=0
n5 -> n1 HeartbeatAck term=1 seq=13 commit=1 applied=0
n1 has a lease from round 12
n1 has a lease from round 13
