# A follower whose log differs from the leader's from the middle on is led back to where they agree.

cluster nodes=3
node 1 terms=1.1.3.3 term=3
node 2 terms=1.1.3.3 term=3
node 3 terms=1.1.2.2.2 term=3
(stand 1)
(deliver)
status
---
n1 leader term=4 leader=n1 commit=5 durable=5 log=[1,1,3,3,4]
  n2 pipeline match=5 next=6 inflight=0
  n3 pipeline match=5 next=6 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=4 leader=n1 commit=5 durable=5 log=[1,1,3,3,4]
n3 follower term=4 leader=n1 commit=5 durable=5 log=[1,1,3,3,4]
