# Entries are not sent to a peer without a connection; heartbeats are, and hearing the peer resumes.

cluster nodes=3
(stand 1)
(deliver)
disconnect 1 3
propose 1 a
status 1
---
n1 write 3: append 2@1:a
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n1 leader term=1 leader=n1 commit=1 durable=2 log=[1,1]
  n2 pipeline match=1 next=3 inflight=1
  n3 probe match=1 next=2 inflight=0 disconnected
  ignored unknown=0 malformed=0 stale=1 impossible=0

deliver
tick 1 10
deliver
status
---
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n2 commits up to 2
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=2 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n2 -> n1 HeartbeatAck term=1 seq=1 commit=2 applied=0
n3 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n1 has a lease from round 1
n1 -> n3 Append term=1 prev=1@1 commit=2 2@1:a
n3 write 3: append 2@1:a
n3 commits up to 2
n3 -> n1 AppendAck term=1 match=2 (after write 3)
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
n3 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
