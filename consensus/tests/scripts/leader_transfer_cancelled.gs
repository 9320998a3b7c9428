# A cancelled transfer ends at once; the order that is out may still be obeyed, and then it is an election like any other.

cluster nodes=3
(stand 1)
(deliver)
(tick 1 10)
(deliver)
(transfer 1 2)
cancel 1
---
n1 does not hand over: Cancelled

(propose 1 a)
deliver
status
---
n2 write 3: term 2 vote n2
n2 is candidate in term 2, leader nobody
n2 -> n1 Vote term=2 last=1@1 transfer (after write 3)
n2 -> n3 Vote term=2 last=1@1 transfer (after write 3)
n2 -> n1 AppendReject term=2 prev=1 conflict=1@1 last=1
n3 write 3: append 2@1:a
n3 -> n1 AppendAck term=1 match=2 (after write 3)
n1 write 4: term 2 vote nobody
n1 is follower in term 2, leader nobody
n1 -> n2 VoteReply term=2 granted=false (after write 4)
n3 write 4: term 2 vote nobody
n3 is follower in term 2, leader nobody
n3 -> n2 VoteReply term=2 granted=false (after write 4)
n1 follower term=2 leader=nobody commit=1 durable=2 log=[1,1]
  ignored unknown=0 malformed=0 stale=2 impossible=0
n2 candidate term=2 leader=nobody commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n3 follower term=2 leader=nobody commit=1 durable=2 log=[1,1]
