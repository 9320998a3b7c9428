# A leader that sees a heavier voter, heard and caught up, hands over to it; the heaviest stays.

cluster nodes=3 weights=5.9.7
(stand 1)
(deliver)
(pass 59)
pass 1
status
---
n1 begins round 6 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=6 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=6 floor=1
n1 would rather have n2 lead
n1 holds proposals for n2
n1 has no lease any more
n1 -> n2 TimeoutNow term=1 seq=6
n2 -> n1 HeartbeatAck term=1 seq=6 commit=1 applied=0
n3 -> n1 HeartbeatAck term=1 seq=6 commit=1 applied=0
n2 write 3: term 2 vote n2
n2 is candidate in term 2, leader nobody
n2 -> n1 Vote term=2 last=1@1 transfer (after write 3)
n2 -> n3 Vote term=2 last=1@1 transfer (after write 3)
n1 write 3: term 2 vote n2
n1 is follower in term 2, leader nobody
n1 -> n2 VoteReply term=2 granted=true (after write 3)
n3 write 3: term 2 vote n2
n3 is follower in term 2, leader nobody
n3 -> n2 VoteReply term=2 granted=true (after write 3)
n2 is leader in term 2, leader n2
n2 write 4: append 2@2:empty
n2 -> n1 Append term=2 prev=1@1 commit=1 2@2:empty
n2 -> n3 Append term=2 prev=1@1 commit=1 2@2:empty
n1 is follower in term 2, leader n2
n1 write 4: append 2@2:empty
n1 -> n2 AppendAck term=2 match=2 (after write 4)
n3 is follower in term 2, leader n2
n3 write 4: append 2@2:empty
n3 -> n2 AppendAck term=2 match=2 (after write 4)
n2 commits up to 2
n2 is ready in term 2 at 2
n2 -> n1 Commit term=2 commit=2
n2 -> n3 Commit term=2 commit=2
n1 commits up to 2
n3 commits up to 2
n1 follower term=2 leader=n2 commit=2 durable=2 log=[1,2]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 leader term=2 leader=n2 commit=2 durable=2 log=[1,2]
  n1 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
n3 follower term=2 leader=n2 commit=2 durable=2 log=[1,2]

(pass 300)
status 2
---
n2 leader term=2 leader=n2 commit=2 durable=2 log=[1,2]
  n1 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
