# A follower that is heard but owes an answer for an election timeout is asked again, without entries.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
propose 1 a
drop
(tick 1 30)
(deliver)
(tick 1 29)
(deliver)
tick 1
deliver
status 1
---
n1 write 3: append 2@1:a
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:a
dropped 2
n1 begins round 6 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=6 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=6 floor=1
n1 -> n2 Append term=1 prev=2@1 commit=1 nothing
n2 -> n1 HeartbeatAck term=1 seq=6 commit=1 applied=0
n2 -> n1 AppendReject term=1 prev=2 conflict=1@1 last=1
n1 has a lease from round 6
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:a
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n2 commits up to 2
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=1 next=3 inflight=1
  ignored unknown=0 malformed=0 stale=1 impossible=0
