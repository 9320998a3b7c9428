# A transfer brings the target up to date, holds what comes new, gives the lease up, and orders the target to stand at once.

cluster nodes=3
(stand 1)
(deliver)
(tick 1 10)
(deliver)
(propose 1 a)
transfer 1 3
---
n1 holds proposals for n3

deliver
status
---
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n3 write 3: append 2@1:a
n3 -> n1 AppendAck term=1 match=2 (after write 3)
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n1 has no lease any more
n1 -> n3 TimeoutNow term=1 seq=1
n1 -> n3 Commit term=1 commit=2
n2 commits up to 2
n3 write 4: term 2 vote n3
n3 is candidate in term 2, leader nobody
n3 -> n1 Vote term=2 last=2@1 transfer (after write 4)
n3 -> n2 Vote term=2 last=2@1 transfer (after write 4)
n1 write 4: term 2 vote n3
n1 is follower in term 2, leader nobody
n1 -> n3 VoteReply term=2 granted=true (after write 4)
n2 write 4: term 2 vote n3
n2 is follower in term 2, leader nobody
n2 -> n3 VoteReply term=2 granted=true (after write 4)
n3 is leader in term 2, leader n3
n3 write 5: append 3@2:empty
n3 -> n1 Append term=2 prev=2@1 commit=1 3@2:empty
n3 -> n2 Append term=2 prev=2@1 commit=1 3@2:empty
n1 is follower in term 2, leader n3
n1 write 5: append 3@2:empty
n1 -> n3 AppendAck term=2 match=3 (after write 5)
n2 is follower in term 2, leader n3
n2 write 5: append 3@2:empty
n2 -> n3 AppendAck term=2 match=3 (after write 5)
n3 commits up to 3
n3 is ready in term 2 at 3
n3 -> n1 Commit term=2 commit=3
n3 -> n2 Commit term=2 commit=3
n1 commits up to 3
n2 commits up to 3
n1 follower term=2 leader=n3 commit=3 durable=3 log=[1,1,2]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=2 leader=n3 commit=3 durable=3 log=[1,1,2]
n3 leader term=2 leader=n3 commit=3 durable=3 log=[1,1,2]
  n1 pipeline match=3 next=4 inflight=0
  n2 pipeline match=3 next=4 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
