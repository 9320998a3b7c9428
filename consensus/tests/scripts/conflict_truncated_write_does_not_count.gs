# An entry that was ordered, dropped and replaced before the disk had any of it is acked when the replacement is there.

cluster nodes=3
node 1 terms=1 term=3
node 2 terms=1 term=1
node 3 terms=1 term=3
hold 2
append from=3 to=2 term=2 prev=1 prev_term=1 x y
---
n2 write 1: term 2 vote nobody
n2 is follower in term 2, leader n3
n2 write 2: append 2@2:x 3@2:y
n2 -> n3 AppendAck term=2 match=3 (after write 2)

(stand 1)
deliver
status 2
---
n2 -> n1 PreVoteReply term=2 granted=false (after write 1)
n3 -> n1 PreVoteReply term=4 granted=true
n1 write 1: term 4 vote n1
n1 is candidate in term 4, leader nobody
n1 -> n2 Vote term=4 last=1@1 (after write 1)
n1 -> n3 Vote term=4 last=1@1 (after write 1)
n2 -> n1 VoteReply term=2 granted=false (after write 1)
n3 write 1: term 4 vote n1
n3 is follower in term 4, leader nobody
n3 -> n1 VoteReply term=4 granted=true (after write 1)
n1 is leader in term 4, leader n1
n1 write 2: append 2@4:empty
n1 -> n2 Append term=4 prev=1@1 commit=0 2@4:empty
n1 -> n3 Append term=4 prev=1@1 commit=0 2@4:empty
n2 write 3: term 4 vote nobody
n2 is follower in term 4, leader n1
n2 write 4: truncate from 2
n2 write 5: append 2@4:empty
n2 -> n1 AppendAck term=4 match=2 (after write 5)
n3 is follower in term 4, leader n1
n3 write 2: append 2@4:empty
n3 -> n1 AppendAck term=4 match=2 (after write 2)
n1 commits up to 2
n1 is ready in term 4 at 2
n1 -> n3 Commit term=4 commit=2
n3 commits up to 2
n2 follower term=4 leader=n1 commit=0 durable=1 log=[1,4]

# The two entries that were dropped reach the disk: no ack.
sync 2 upto=2
deliver
---
n2 has write 2 on disk

sync 2
deliver
status
---
n2 has write 5 on disk
n1 -> n2 Commit term=4 commit=2
n2 commits up to 2
n1 leader term=4 leader=n1 commit=2 durable=2 log=[1,4]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
  ignored unknown=0 malformed=0 stale=2 impossible=0
n2 follower term=4 leader=n1 commit=2 durable=2 log=[1,4]
n3 follower term=4 leader=n1 commit=2 durable=2 log=[1,4]
  ignored unknown=0 malformed=0 stale=1 impossible=0
